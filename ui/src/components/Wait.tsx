import { type ReactNode, useEffect, useState } from "react";
import css from "./Wait.module.css";

/** Shows its children only after 150 ms: most answers come sooner and nothing should flicker. */
export function Later({ children, ms = 150 }: { children: ReactNode; ms?: number }) {
  const [due, setDue] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return due ? children : null;
}

/** The shape of rows to come. */
export function Bones({ rows = 6, label }: { rows?: number; label: string }) {
  return (
    <Later>
      <div className={css.bones} role="status" aria-label={label}>
        {Array.from({ length: rows }, (_, index) => (
          <div key={index} className={css.bone} style={{ width: `${88 - ((index * 17) % 40)}%` }} />
        ))}
      </div>
    </Later>
  );
}

/** What belongs here, and the one thing to do about it. */
export function Empty({
  icon,
  title,
  children,
  action,
  learn,
}: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  /** The way to more about it. */
  learn?: ReactNode;
}) {
  return (
    <div className={css.empty}>
      {icon ? <div className={css.emptyIcon}>{icon}</div> : null}
      <h2>{title}</h2>
      {children ? <div className={css.emptyWords}>{children}</div> : null}
      {action || learn ? (
        <div className={css.emptyAction}>
          {action}
          {learn}
        </div>
      ) : null}
    </div>
  );
}

/** How much of a time is left, as a ring. The number beside it says the same. */
export function Ring({
  share,
  size = 18,
  tone = "accent",
}: {
  share: number;
  size?: number;
  tone?: "accent" | "glass";
}) {
  const radius = size / 2 - 2;
  const round = 2 * Math.PI * radius;
  return (
    <svg
      width={size}
      height={size}
      viewBox={`0 0 ${size} ${size}`}
      aria-hidden="true"
      className={css.ring}
      data-tone={tone}
    >
      <circle cx={size / 2} cy={size / 2} r={radius} className={css.ringGround} />
      <circle
        cx={size / 2}
        cy={size / 2}
        r={radius}
        className={css.ringLeft}
        strokeDasharray={round}
        strokeDashoffset={round * (1 - Math.max(0, Math.min(1, share)))}
        transform={`rotate(-90 ${size / 2} ${size / 2})`}
      />
    </svg>
  );
}

export function Bar({ share, label }: { share: number; label: string }) {
  return (
    <div
      className={css.bar}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
    >
      <div style={{ width: `${share * 100}%` }} />
    </div>
  );
}

/** Work whose end is not known. */
export function BusyBar({ label }: { label: string }) {
  return (
    <div className={css.bar} data-busy role="progressbar" aria-label={label}>
      <div />
    </div>
  );
}
