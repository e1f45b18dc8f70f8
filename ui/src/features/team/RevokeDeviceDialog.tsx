// Revoking a device: its member gets new keys, and with them needs a new recovery kit.

import { Notice } from "../../components";
import { type DeviceView, type MemberView, useHost } from "../../host";
import { useWords } from "../../words";
import { EndDialog, type Ended, type Heard } from "./EndDialog";

export function RevokeDeviceDialog({
  device: { id, name: device },
  member,
  ...heard
}: Heard & {
  device: DeviceView;
  member: MemberView;
}) {
  const t = useWords();
  const host = useHost();
  const order = async (reason: string, replaces: boolean): Promise<Ended> => {
    await host.revokeDevice({ device: id, reason });
    return {
      title: t("device.revokedTitle", { device }),
      words: (
        <>
          <p>{t("device.revokedMore")}</p>
          {member.you ? (
            <Notice tone="wrong" loud title={t("device.newKit")}>
              {t("device.newKitMore")}
            </Notice>
          ) : null}
        </>
      ),
      replaces,
    };
  };
  return (
    <EndDialog
      {...heard}
      kind="revoke"
      member={member}
      title={t("device.revokeTitle", { device })}
      order={order}
      go={() => t("device.revokeGo", { device })}
      more={() => <p>{member.you ? t("device.revokeOwn") : t("device.revokeOther", { name: member.name })}</p>}
    />
  );
}
