// One invitation: it waits, or it is answered and two people compare words before the person is added.

import { Button, Mark, Notice, Row, Stack, toast } from "../../components";
import { type InvitationView, useAction, useHost } from "../../host";
import { ComparedWords, ErrorNotice, Name, useNow, When } from "../../parts";
import { relative, useWords } from "../../words";
import css from "./Team.module.css";

export function Invitation({
  invitation,
  blocked,
  onChanged,
}: {
  invitation: InvitationView;
  /** Why nothing can be changed just now. */
  blocked: string | null;
  onChanged: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const now = useNow();
  const { id, name, role, madeAt, endsAt, answer } = invitation;
  const withdraw = useAction(async () => {
    await host.withdrawInvitation({ invitation: id });
    toast(t("team.withdrawn", { name }), t("common.close"));
    onChanged();
  });
  const approve = useAction(async (compared: boolean) => {
    await host.approveMember({ invitation: id, compared });
    toast(t("team.wasAdded", { name: answer?.name ?? name }), t("common.close"));
    onChanged();
  });
  const withdrawButton = (
    <Button
      small={answer === null}
      label={t("team.withdrawFor", { name })}
      busy={withdraw.busy}
      reason={blocked}
      onClick={() => void withdraw.run()}
      testId="withdraw"
    >
      {t("team.withdraw")}
    </Button>
  );
  const failed = <ErrorNotice error={approve.error ?? withdraw.error} />;
  if (answer === null)
    return (
      <li className={css.invitation} data-testid="invitation" data-name={name}>
        <span className={css.words}>
          <strong>
            <Name>{name}</Name>
          </strong>
          <span className={css.soft}>{t(`role.${role}`)}</span>
        </span>
        <Mark tone="waits">{t("team.noAnswer")}</Mark>
        <span className={css.soft}>
          <When at={madeAt}>{t("team.madeAt", { when: relative(t, madeAt, now) })}</When>
        </span>
        <span className={css.soft}>
          <When at={endsAt}>{t("team.endsAt", { when: relative(t, endsAt, now) })}</When>
        </span>
        {withdrawButton}
        <div className={css.wide}>{failed}</div>
      </li>
    );
  const machine = role === "rotator";
  return (
    <li className={css.answered} data-testid="invitation" data-name={name} data-answered>
      <Stack gap={12}>
        <div>
          <h3>{t("team.answered", { name: answer.name, device: answer.device })}</h3>
          <p className={css.soft}>{t("team.answeredAs", { role: t(`role.${role}`) })}</p>
        </div>
        {answer.name === name ? null : (
          <Notice tone="waits" title={t("team.answeredOther", { name })}>
            {t("team.answeredOtherMore", { name, answered: answer.name })}
          </Notice>
        )}
        {/* With the one who was invited: whoever answered may be somebody else. */}
        <p>{machine ? t("team.compareMachine", { name }) : t("team.compare", { name })}</p>
        <ComparedWords words={answer.words} />
        <p className={css.soft}>{t("team.differ")}</p>
        {failed}
        <Row>
          <Button
            kind="primary"
            busy={approve.busy}
            reason={blocked}
            onClick={() => void approve.run(true)}
            testId="approve-compared"
          >
            {t("team.match", { name: answer.name })}
          </Button>
          {withdrawButton}
          {role === "technician" || machine ? (
            <Button
              kind="quiet"
              busy={approve.busy}
              reason={blocked}
              onClick={() => void approve.run(false)}
              testId="approve-uncompared"
            >
              {t("team.addUncompared")}
            </Button>
          ) : null}
        </Row>
      </Stack>
    </li>
  );
}
