import { Modal } from "@mantine/core";
import type { ReactNode } from "react";
import css from "./Dialog.module.css";

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
    <>
      <div className={css.body}>{children}</div>
      {actions ? <div className={css.actions}>{actions}</div> : null}
    </>
  );
  return (
    <Modal
      opened={open}
      onClose={onClose}
      title={title}
      size={wide ? 720 : 480}
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
