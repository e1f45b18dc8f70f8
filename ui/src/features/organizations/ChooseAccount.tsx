import { IconKey } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { Button, Dialog, Mono } from "../../components";
import { asErrorView, useAction, useHost, useRead } from "../../host";
import { AccountMark, ErrorNotice, Name, WhenInRow } from "../../parts";
import { useWords } from "../../words";
import css from "./ChooseAccount.module.css";

/** Which of the emergency accounts to open. The first is focused: Enter is enough. */
export function ChooseAccount({ organization, onClose }: { organization: string; onClose: () => void }) {
  const t = useWords();
  const host = useHost();
  const whole = useRead("organization", { organization });
  const open = useAction(async (account: string) => {
    await host.openReveal({ organization, account });
    onClose();
  });
  // The accounts may arrive after the dialog has taken the focus.
  const first = useRef<HTMLButtonElement>(null);
  const arrived = whole.data !== undefined;
  useEffect(() => {
    if (!arrived) return;
    const frame = requestAnimationFrame(() => first.current?.focus());
    return () => cancelAnimationFrame(frame);
  }, [arrived]);
  return (
    <Dialog
      open
      onClose={onClose}
      title={t("organization.chooseAccount")}
      closeLabel={t("common.close")}
      actions={<Button onClick={onClose}>{t("common.cancel")}</Button>}
    >
      <ErrorNotice error={open.error ?? (whole.error ? asErrorView(whole.error) : null)} />
      <ul className={css.list}>
        {whole.data?.accounts.map((account, index) => (
          <li key={account.id}>
            <button
              type="button"
              ref={index === 0 ? first : undefined}
              className={css.account}
              data-testid={`view-account-${index + 1}`}
              data-autofocus={index === 0 || undefined}
              onClick={() => void open.run(account.id)}
            >
              <IconKey size={18} stroke={1.75} aria-hidden />
              <span className={css.words}>
                <Mono>
                  <Name>{account.userName}</Name>
                </Mono>
                <span className={css.soft}>
                  {account.rotatedAt === null ? t("common.never") : <WhenInRow at={account.rotatedAt} />}
                </span>
              </span>
              <AccountMark state={account.state} />
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
