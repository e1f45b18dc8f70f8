// A code that was handed out, to a person or to a further device: it waits, or it was answered and words are compared
// before anybody is let in.

import type { ReactNode } from "react";
import { Button, Mark, Row, Stack, toast, Unseen } from "../../components";
import { type AnswerView, type InvitationView, useAction, useHost } from "../../host";
import { ComparedWords, ErrorNotice, useNow, When } from "../../parts";
import { relative, useWords } from "../../words";
import css from "./Team.module.css";

/** Says that an answer came, to whoever does not see it. It has to be there before the answer is. */
export function AnswersSaid({ invitations }: { invitations: readonly InvitationView[] }) {
  const t = useWords();
  const said = invitations.flatMap(({ answer, ownDevice }) =>
    answer === null ? [] : [t(ownDevice ? "device.answered" : "team.answered", answer)],
  );
  return <Unseen live>{said.join(" ")}</Unseen>;
}

type Press = { words: string; done: string; testId: string };

export function InvitationLine({
  invitation: { id, name, endsAt, answer },
  testId,
  about,
  since,
  withdraw: takes,
  answered,
  blocked,
  onChanged,
}: {
  invitation: InvitationView;
  testId: string;
  /** Whom or what it is for. */
  about: ReactNode;
  /** What else is known of it while it waits. */
  since?: ReactNode;
  withdraw: Press & { label: string };
  /** What stands there once it was answered. */
  answered: (answer: AnswerView) => {
    title: ReactNode;
    /** What to do with the words. */
    compare: ReactNode;
    /** What to do if they differ. */
    differ: string;
    approve: Press;
    /** The button that adds without comparing, where that is allowed. */
    uncompared?: Omit<Press, "done"> | undefined;
  };
  /** Why nothing can be changed just now. */
  blocked: string | null;
  onChanged: () => void;
}) {
  const t = useWords();
  const host = useHost();
  const now = useNow();
  const withdraw = useAction(async () => {
    await host.withdrawInvitation({ invitation: id });
    toast(takes.done, t("common.close"));
    onChanged();
  });
  const approve = useAction(async (compared: boolean, done: string) => {
    await host.approveMember({ invitation: id, compared });
    toast(done, t("common.close"));
    onChanged();
  });
  const takeBack = (
    <Button
      small={answer === null}
      label={takes.label}
      busy={withdraw.busy}
      reason={blocked}
      onClick={() => void withdraw.run()}
      testId={takes.testId}
    >
      {takes.words}
    </Button>
  );
  const failed = <ErrorNotice error={approve.error ?? withdraw.error} />;
  if (answer === null)
    return (
      <li className={css.line} data-testid={testId} data-name={name}>
        <span className={css.words}>{about}</span>
        <Mark tone="waits">{t("team.noAnswer")}</Mark>
        {since}
        <span className={css.soft}>
          <When at={endsAt}>{t("team.endsAt", { when: relative(t, endsAt, now) })}</When>
        </span>
        {takeBack}
        <div className={css.wide}>{failed}</div>
      </li>
    );
  const { title, compare, differ, approve: adds, uncompared } = answered(answer);
  return (
    <li className={css.answered} data-testid={testId} data-name={name} data-answered>
      <Stack gap={12}>
        {title}
        {compare}
        <ComparedWords words={answer.words} />
        <p className={css.soft}>{differ}</p>
        {failed}
        <Row>
          <Button
            kind="primary"
            busy={approve.busy}
            reason={blocked}
            onClick={() => void approve.run(true, adds.done)}
            testId={adds.testId}
          >
            {adds.words}
          </Button>
          {takeBack}
          {uncompared === undefined ? null : (
            <Button
              kind="quiet"
              busy={approve.busy}
              reason={blocked}
              onClick={() => void approve.run(false, adds.done)}
              testId={uncompared.testId}
            >
              {uncompared.words}
            </Button>
          )}
        </Row>
      </Stack>
    </li>
  );
}
