import { notifications } from "@mantine/notifications";

/** A short word about something done. Never names a secret. */
export const toast = (message: string, closeLabel: string) =>
  notifications.show({ message, autoClose: 4_000, withBorder: true, closeButtonProps: { "aria-label": closeLabel } });

/** Leaves no word of an unlocked vault on the screen. */
export const clearToasts = () => notifications.clean();
