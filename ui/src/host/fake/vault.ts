// The vault itself: making, unlocking and locking it, the papers, the backup.

import type { SheetView } from "../../generated/ipc";
import { makeOrganization } from "./world";
import { refusal, type Stage } from "./stage";

export function vault(stage: Stage) {
  const { now, pause, emit, world, held, inside, statusNow, mark, lockNow } = stage;
  let wrongTries = 0;
  let sheet: SheetView | null = inside.onboarding?.sheetSaved
    ? { by: "Ada Example", madeAt: now() - 40 * 86_400_000, split: null, opens: true }
    : null;

  return {
    status: async () => statusNow(),
    passphraseStrength: async ({ passphrase: typed }: { passphrase: string }) => {
      const words = typed.trim().split(/\s+/).filter(Boolean).length;
      const score = typed.length === 0 ? 0 : Math.min(4, Math.floor(typed.length / 7) + (words > 3 ? 1 : 0));
      return {
        score,
        enough: score >= 3,
        advice: score >= 3 ? null : "Short phrases are guessed quickly. Add another word or two.",
      };
    },
    suggestPassphrase: async () => ({ passphrase: "velvet orbit canyon thimble rustic meadow" }),
    createVault: async (request: {
      mspName: string;
      personName: string;
      passphrase: string;
      acceptFileFallback: boolean;
    }) => {
      await pause(2);
      if (held.status.deviceSecret === "noKeychain" && !request.acceptFileFallback)
        throw refusal(
          "vault.no-keychain",
          "There is no keychain to keep the device secret in.",
          "Accept the file, or start a keychain.",
        );
      held.passphrase = request.passphrase;
      inside.mspName = request.mspName;
      inside.personName = request.personName;
      const deviceSecret = request.acceptFileFallback ? "file" : "keychain";
      held.status = { ...held.status, phase: "unlocked", deviceSecret };
      emit({ kind: "unlocked" });
      return statusNow();
    },
    unlock: async ({ passphrase: typed }: { passphrase: string }) => {
      await pause();
      if (held.waitUntil > now())
        throw refusal("vault.wait", "Too many tries.", "Wait.", { class: "locked", retryInMs: held.waitUntil - now() });
      if (typed !== held.passphrase) {
        wrongTries += 1;
        const wait = wrongTries < 3 ? 0 : 1000 * 2 ** Math.min(wrongTries - 2, 8);
        held.waitUntil = now() + wait;
        throw refusal(
          "vault.refused",
          "This passphrase does not open the vault.",
          "Check the keyboard layout and try again.",
          {
            class: "locked",
            retryInMs: wait || null,
          },
        );
      }
      wrongTries = 0;
      held.status = { ...held.status, phase: held.status.joining ? "joining" : "unlocked", lockReason: null };
      emit({ kind: "unlocked" });
      return statusNow();
    },
    lock: async () => {
      lockNow("hand");
      return statusNow();
    },
    touch: async () => ({}),
    changePassphrase: async (request: { current: string; new: string }) => {
      if (request.current !== held.passphrase)
        throw refusal("vault.refused", "The present passphrase is not right.", "Type it again.", { class: "locked" });
      held.passphrase = request.new;
      return {};
    },
    suggestedPaths: async () => ({
      kit: "/home/ada/Documents/Vitrine recovery kit.pdf",
      sheet: "/home/ada/Documents/Vitrine safe sheet.pdf",
      shares: "/home/ada/Documents/Vitrine shares",
      backup: "/home/ada/Documents/Vitrine backup",
    }),
    saveKit: async ({ path }: { path: string }) => {
      await pause();
      return { path, groups: [3, 6] as [number, number] };
    },
    confirmKit: async ({ groups }: { groups: [string, string] }) => {
      if (groups.some((group) => group.trim().length !== 4))
        throw refusal(
          "kit.group-differs",
          "A group differs from the paper.",
          "Look at the paper again. A zero is never the letter O.",
        );
      mark({ kitConfirmed: true });
      return statusNow();
    },
    saveSheet: async ({ path }: { path: string }) => {
      await pause();
      mark({ sheetSaved: true });
      sheet = { by: "Ada Example", madeAt: now(), split: null, opens: true };
      return { path };
    },
    splitSheet: async ({ folder, holders, needed }: { folder: string; holders: string[]; needed: number }) => {
      await pause();
      mark({ sheetSaved: true });
      sheet = { by: "Ada Example", madeAt: now(), split: { needed, holders }, opens: true };
      return { paths: holders.map((_, place) => `${folder}/Vitrine share ${place + 1} of ${holders.length}.pdf`) };
    },
    checkSheet: async ({ codes }: { codes: string[] }) => {
      await pause();
      if (codes.some((code) => code.includes("wrong")))
        throw refusal("vault.code-group", "Code 1 was not typed as printed.", "Compare it group by group with the paper.", {
          class: "locked",
        });
      return {};
    },
    recovery: async () => ({ sheet, waits: false, mayChange: true }),
    setBackup: async ({ folder }: { folder: string }) => {
      await pause();
      inside.backup = {
        folder,
        file: `${folder}/vitrine.vitrine-backup`,
        writtenAt: now(),
        current: true,
        problem: null,
      };
      mark({ backupExists: true });
      return statusNow();
    },
    backupNow: async () => {
      await pause();
      if (inside.backup) inside.backup = { ...inside.backup, writtenAt: now(), current: true, problem: null };
      emit({ kind: "statusChanged" });
      return statusNow();
    },
    confirmRestore: async () => {
      await pause();
      held.status = { ...held.status, unconfirmed: false };
      emit({ kind: "statusChanged" });
      return statusNow();
    },
    restore: async (request: { passphrase: string }) => {
      await pause(3);
      held.passphrase = request.passphrase;
      inside.onboarding = {
        kitConfirmed: true,
        sheetSaved: true,
        backupExists: false,
        organizationExists: true,
        tenantConnected: true,
        rotationVerified: true,
      };
      for (let index = 0; index < 12; index++) {
        const made = makeOrganization(index, now());
        world.set(made.id, made);
      }
      held.status = { ...held.status, phase: "unlocked", deviceSecret: "keychain" };
      emit({ kind: "unlocked" });
      return statusNow();
    },
  };
}
