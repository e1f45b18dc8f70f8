import { Modal } from "@mantine/core";
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import css from "./Dialog.module.css";

const LeaveContext = createContext<() => void>(() => {});

/** Closes the dialog around, if there is one: for what leads away from it. */
export const useLeave = () => useContext(LeaveContext);

/** Traps the focus and gives it back. Gone at lock with everything else. */
export function Dialog({
  open,
  onClose,
  title,
  children,
  actions,
  closeLabel,
  wide,
  onSubmit,
}: {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  actions?: ReactNode;
  closeLabel: string;
  wide?: boolean;
  onSubmit?: () => void;
}) {
  const body = (
    <LeaveContext value={onClose}>
      <FocusBack />
      <div className={css.body}>{children}</div>
      {actions ? <div className={css.actions}>{actions}</div> : null}
    </LeaveContext>
  );
  return (
    <Modal
      opened={open}
      onClose={onClose}
      title={title}
      size={wide ? 720 : 520}
      centered
      radius={12}
      closeButtonProps={{ "aria-label": closeLabel }}
      overlayProps={{ backgroundOpacity: 0.45 }}
      transitionProps={{ duration: 100 }}
      classNames={{ content: css.content, header: css.header, title: css.title, body: css.pad }}
    >
      {onSubmit ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            onSubmit();
          }}
        >
          {body}
        </form>
      ) : (
        body
      )}
    </Modal>
  );
}

/** Mantine returns the focus only from a dialog that closes, not from one that is taken away while it stands open. */
function FocusBack() {
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      if (document.activeElement !== document.body) return;
      const back = opener?.isConnected ? opener : document.getElementById("main");
      if (back instanceof HTMLElement) back.focus({ preventScroll: true });
    },
    [opener],
  );
  return null;
}
