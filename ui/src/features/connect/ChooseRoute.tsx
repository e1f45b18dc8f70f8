import { IconBrowser, IconDeviceMobileCode } from "@tabler/icons-react";
import { Button } from "../../components";
import type { SignInRoute } from "../../host";
import { useNetwork } from "../../parts";
import { useWords } from "../../words";
import css from "./ConnectWizard.module.css";

/** Both routes, always side by side: many tenants block one of them. */
export function ChooseRoute({ busy, onChoose }: { busy: boolean; onChoose: (route: SignInRoute) => void }) {
  const t = useWords();
  const { reason } = useNetwork();
  return (
    <section aria-label={t("connect.routeTitle")}>
      <h2>{t("connect.routeTitle")}</h2>
      <p className={css.soft}>{t("connect.routeLead")}</p>
      <div className={css.routes}>
        <div className={css.route}>
          <IconBrowser size={22} stroke={1.5} aria-hidden />
          <h3>{t("connect.browser")}</h3>
          <p className={css.soft}>{t("connect.browserMore")}</p>
          <Button
            kind="primary"
            busy={busy}
            reason={reason}
            onClick={() => onChoose("browser")}
            testId="route-browser"
          >
            {t("connect.browserGo")}
          </Button>
        </div>
        <div className={css.route}>
          <IconDeviceMobileCode size={22} stroke={1.5} aria-hidden />
          <h3>{t("connect.code")}</h3>
          <p className={css.soft}>{t("connect.codeMore")}</p>
          <Button busy={busy} reason={reason} onClick={() => onChoose("deviceCode")} testId="route-code">
            {t("connect.codeGo")}
          </Button>
        </div>
      </div>
    </section>
  );
}
