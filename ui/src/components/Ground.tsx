import type { ReactNode } from "react";
import css from "./Ground.module.css";

/** What fills a window in place of the screens: one column on a quiet ground. */
export const Ground = ({
  width,
  centered,
  testId,
  children,
}: {
  width: 360 | 440 | 480 | 520;
  centered?: boolean;
  testId?: string;
  children: ReactNode;
}) => (
  <main className={css.ground}>
    <div
      className={css.column}
      data-centered={centered || undefined}
      data-testid={testId}
      style={{ width: `min(${width}px, 100%)` }}
    >
      {children}
    </div>
  </main>
);
