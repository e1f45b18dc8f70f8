// Credentials: the card, revealing, copying, one-time codes.

import type { AfterViewRequest, WhichValue } from "../../generated/ipc";
import type { Host } from "../host";
import { refusal, type Stage } from "./stage";

const passwords = {
  current: "Qm7#vT2k-Rw9x+Hd4L=fZ6pN3s@cYb8J",
  pending: "gK5+Wz8r@Np3m-Xt6V#bQ9hD2f=JcL4s",
  previous: "Bn4=Hs7w#Ty2k+Mf9R-xC6gP3d@VqZ8L",
  older: "Zt8@Vm3q#Lc6r+Kd2W-bS7nF5h=GxP9J",
  givenUp: "Ru5+Np9x@Dw4k-Hf7T#mC2sZ8b=LvQ3G",
};
const valueOf = (which: WhichValue) =>
  passwords[typeof which === "string" ? which : which.older === undefined ? "givenUp" : "older"];


export function credentials(stage: Stage) {
  const { now, pace, pageQuery, held, inside, copied, windows, find, account, note, settle } = stage;
  const commands = {
    openReveal: async (request: { organization: string; account: string }) => {
      account(request.organization, request.account);
      const hash = `#/reveal/${request.organization}/${request.account}`;
      windows.push(hash);
      if (pace > 0) globalThis.open(`${location.pathname}${pageQuery}${hash}`, "reveal", "width=560,height=720");
      return {};
    },
    openPortal: async () => {
      windows.push("portal");
      return {};
    },
    card: async (request: { organization: string; account: string }) => {
      const found = account(request.organization, request.account);
      return {
        organization: request.organization,
        organizationName: find(request.organization).name,
        account: structuredClone(found),
        signInPage: "https://entra.microsoft.com",
        reasonRequired: held.settings.askReason,
        asOf: now() - 60_000,
        rotationDueSince: found.state === "due",
        hidesAfterSeconds: held.settings.revealSeconds,
        afterView: find(request.organization).laps?.afterView ?? null,
      };
    },
    afterView: async ({ organization, account: id, then }: AfterViewRequest) => {
      const found = account(organization, id);
      if (then !== "keep") found.dueAt = Math.min(found.dueAt ?? now(), now() + (then === "now" ? 0 : 3_600_000));
      settle(find(organization));
      return commands.card({ organization, account: id });
    },
    olderPasswords: async (request: { organization: string; account: string }) => {
      const found = account(request.organization, request.account);
      const day = 86_400_000;
      const last = found.rotatedAt ?? now();
      const older = [2, 3, 4, 5, 6].map((days) => last - days * day);
      return {
        values: [
          { which: { givenUp: { at: last - day } }, since: last - day },
          ...older.map((at) => ({ which: { older: { at } }, since: at })),
        ],
        missing: 0,
      };
    },
    reveal: async (request: { organization: string; account: string; which: WhichValue; reason?: string }) => {
      const found = account(request.organization, request.account);
      if (held.settings.askReason && !(request.reason ?? "").trim())
        throw refusal("view.reason-needed", "A reason is needed before anything is shown.", "Write why you need it.");
      found.lastViewed = { who: inside.personName ?? "", at: now() };
      note(find(request.organization), "viewed", found.userName, request.reason ?? null);
      const value = found.values.find((each) => each.which === request.which);
      return {
        secret: valueOf(request.which),
        since: value?.since ?? null,
        hideAt: now() + held.settings.revealSeconds * 1000,
      };
    },
    copy: async (request: Parameters<Host["copy"]>[0]) => {
      const found = account(request.organization, request.account);
      if (request.what.kind !== "userName" && held.settings.askReason && !(request.reason ?? "").trim())
        throw refusal("view.reason-needed", "A reason is needed before anything is copied.", "Write why you need it.");
      copied.push(request.what.kind);
      if (request.what.kind !== "userName")
        note(find(request.organization), "copied", found.userName, request.reason ?? null);
      return { clearsAt: request.what.kind === "userName" ? null : now() + held.settings.clipboardSeconds * 1000 };
    },
    setSecondFactor: async (request: { organization: string; account: string; key: string }) => {
      const found = account(request.organization, request.account);
      if (!/^(otpauth:\/\/|[A-Z2-7 =]{16,}$)/i.test(request.key.trim()))
        throw refusal(
          "totp.form",
          "This is not a one-time-code key.",
          "Copy the key that Microsoft shows under “Can't scan image?”.",
        );
      found.hasSecondFactor = true;
      settle(find(request.organization));
      return commands.card(request);
    },
    oneTimeCode: async (request: { next?: boolean }) => {
      const period = 30_000;
      const slot = Math.floor(now() / period) + (request.next ? 1 : 0);
      return {
        code: String((slot * 7919 + 104729) % 1_000_000).padStart(6, "0"),
        endsAt: (slot + 1) * period,
        periodSeconds: 30,
      };
    },
  };
  return commands;
}
