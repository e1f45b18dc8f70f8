// Removing a member: every device is shut out, and an owner is removed only with a second one.

import { Notice } from "../../components";
import { type MemberView, useHost } from "../../host";
import { useWords } from "../../words";
import { EndDialog, type Ended, type Heard } from "./EndDialog";

export function RemoveDialog({
  member,
  ...heard
}: Heard & {
  member: MemberView;
}) {
  const t = useWords();
  const host = useHost();
  const { id, name, devices } = member;
  const order = async (reason: string, replaces: boolean): Promise<Ended> => {
    const { members } = await host.removeMember({ member: id, reason });
    const standing = members.find((each) => each.id === id)?.standing ?? "removed";
    return standing === "removed"
      ? {
          title: t("team.removedTitle", { name }),
          words: <p>{replaces ? t("team.removedMore", { name }) : t("team.removedNothing", { name })}</p>,
          replaces,
        }
      : { title: t("team.askedTitle"), words: <p>{t("team.secondOwner", { name })}</p>, replaces: false };
  };
  return (
    <EndDialog
      {...heard}
      kind="remove"
      member={member}
      title={t("team.removeTitle", { name })}
      order={order}
      go={(meaning) =>
        meaning?.needsSecondOwner
          ? t("team.removeAsk", { name })
          : meaning === undefined || meaning.accounts === 0
            ? t("team.remove", { name })
            : t("team.removeGo", { name, count: meaning.accounts })
      }
      more={(meaning) =>
        meaning === undefined ? null : (
          <>
            <p>{t("team.removalDevices", { name, count: devices.filter((device) => !device.revoked).length })}</p>
            {meaning.needsSecondOwner ? (
              <Notice tone="waits" title={t("team.needsSecond")}>
                {t("team.needsSecondMore")}
              </Notice>
            ) : null}
          </>
        )
      }
    />
  );
}
