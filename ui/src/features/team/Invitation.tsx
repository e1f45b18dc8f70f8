// One invitation of a person or a machine.

import { Notice } from "../../components";
import type { InvitationView } from "../../host";
import { Name, useNow, When } from "../../parts";
import { relative, useWords } from "../../words";
import { InvitationLine } from "./InvitationLine";
import css from "./Team.module.css";

export function Invitation({
  invitation,
  ...around
}: {
  invitation: InvitationView;
  /** Why nothing can be changed just now. */
  blocked: string | null;
  onChanged: () => void;
}) {
  const t = useWords();
  const now = useNow();
  const { name, role, madeAt } = invitation;
  const machine = role === "rotator";
  return (
    <InvitationLine
      {...around}
      invitation={invitation}
      testId="invitation"
      about={
        <>
          <strong>
            <Name>{name}</Name>
          </strong>
          <span className={css.soft}>{t(`role.${role}`)}</span>
        </>
      }
      since={
        <span className={css.since}>
          <When at={madeAt}>{t("team.madeAt", { when: relative(t, madeAt, now) })}</When>
        </span>
      }
      withdraw={{
        words: t("team.withdraw"),
        label: t("team.withdrawFor", { name }),
        done: t("team.withdrawn", { name }),
        testId: "withdraw",
      }}
      answered={(answer) => ({
        title: (
          <>
            <div>
              <h3>{t("team.answered", { name: answer.name, device: answer.device })}</h3>
              <p className={css.soft}>{t("team.answeredAs", { role: t(`role.${role}`) })}</p>
            </div>
            {answer.name === name ? null : (
              <Notice tone="waits" title={t("team.answeredOther", { name })}>
                {t("team.answeredOtherMore", { name, answered: answer.name })}
              </Notice>
            )}
          </>
        ),
        // With the one who was invited: whoever answered may be somebody else.
        compare: <p>{machine ? t("team.compareMachine", { name }) : t("team.compare", { name })}</p>,
        differ: t("team.differ"),
        approve: {
          words: t("team.match", { name: answer.name }),
          done: t("team.wasAdded", { name: answer.name }),
          testId: "approve-compared",
        },
        uncompared:
          role === "technician" || machine
            ? { words: t("team.addUncompared"), testId: "approve-uncompared" }
            : undefined,
      })}
    />
  );
}
