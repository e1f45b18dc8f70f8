import { useState } from "react";
import { Button, Dialog, Options, toast } from "../../components";
import { type AccountsFate, type OrganizationView, useAction, useHost, useRead } from "../../host";
import { ErrorNotice } from "../../parts";
import { useWords } from "../../words";

const fates = ["keep", "disable", "delete"] as const;
const goes = { keep: "laps.offKeep", disable: "laps.offDisable", delete: "laps.offDelete" } as const;

/** Asks what becomes of the accounts before LAPS is turned off. */
export function TurnOffLaps({
  open,
  organization,
  onClose,
  onSignIn,
}: {
  open: boolean;
  organization: OrganizationView;
  onClose: () => void;
  onSignIn: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const [fate, setFate] = useState<AccountsFate>("keep");
  const plan = useRead("lapsPlan", { organization: organization.id }, { enabled: open && fate !== "keep" });
  const needsSession = fate !== "keep" && plan.data?.sessionAlive === false;
  const off = useAction(async () => {
    await host.disableLaps({ organization: organization.id, accounts: fate });
    toast(t("laps.offDone", { name: organization.name }), t("common.close"));
    onClose();
  });
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={t("laps.offTitle", { name: organization.name })}
      closeLabel={t("common.close")}
      actions={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          {needsSession ? (
            <Button kind="primary" onClick={onSignIn}>
              {t("laps.signIn")}
            </Button>
          ) : (
            <Button
              kind={fate === "keep" ? "primary" : "danger"}
              busy={off.busy}
              testId="laps-off-submit"
              onClick={() => void off.run()}
            >
              {t(goes[fate])}
            </Button>
          )}
        </>
      }
    >
      <p>{t("laps.offLead")}</p>
      <Options
        label={t("laps.offLead")}
        hideLabel
        value={fate}
        onChange={setFate}
        options={fates.map((value) => ({
          value,
          label: t(`laps.${value}`),
          hint: t(`laps.${value}More`),
          testId: `laps-off-${value}`,
        }))}
      />
      <ErrorNotice error={off.error} about={{ organization: organization.id }} onRetry={() => void off.run()} />
    </Dialog>
  );
}
