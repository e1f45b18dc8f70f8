// The few shapes every screen is made of.

import { IconArrowLeft } from "@tabler/icons-react";
import { type CSSProperties, type ReactNode, useEffect, useRef } from "react";
import css from "./Layout.module.css";

type Gap = 0 | 4 | 8 | 12 | 16 | 20 | 24 | 32;

export function Stack({ gap = 12, children, narrow }: { gap?: Gap; children: ReactNode; narrow?: boolean }) {
  return (
    <div className={css.stack} data-narrow={narrow || undefined} style={{ gap } satisfies CSSProperties}>
      {children}
    </div>
  );
}

export function Row({
  gap = 8,
  children,
  apart,
  wrap = true,
  top,
}: {
  gap?: Gap;
  children: ReactNode;
  apart?: boolean;
  wrap?: boolean;
  top?: boolean;
}) {
  return (
    <div
      className={css.row}
      data-apart={apart || undefined}
      data-wrap={wrap || undefined}
      data-top={top || undefined}
      style={{ gap }}
    >
      {children}
    </div>
  );
}

/** A screen of the main window: a header that stays, and what scrolls under it. */
export function Page({
  title,
  lead,
  actions,
  above,
  children,
  fixed,
  narrow,
  place,
  index,
}: {
  title: ReactNode;
  lead?: ReactNode;
  actions?: ReactNode;
  above?: ReactNode;
  children: ReactNode;
  /** Which step of the screen this is: another one begins at its top, wherever the one before was scrolled to. */
  place?: string;
  /** The content scrolls by itself (long lists). */
  fixed?: boolean;
  /** Forms and steps, which read badly when wide. */
  narrow?: boolean;
  /** What a long screen has, to go there at once. */
  index?: ReactNode;
}) {
  const content = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (content.current) content.current.scrollTop = 0;
  }, [place]);
  return (
    <div className={css.page} data-narrow={narrow || undefined}>
      <header className={css.header} data-fixed={fixed || undefined}>
        <div className={css.headerWords}>
          {above}
          {title}
          {lead ? <div className={css.lead}>{lead}</div> : null}
        </div>
        {actions ? <div className={css.headerActions}>{actions}</div> : null}
      </header>
      <div
        ref={content}
        className={css.content}
        data-fixed={fixed || undefined}
        data-indexed={index === undefined ? undefined : true}
      >
        {index}
        {fixed ? children : <div className={css.measure}>{children}</div>}
      </div>
    </div>
  );
}

/** The way back to where a screen belongs. */
export const BackLink = ({ children, onClick }: { children: ReactNode; onClick: () => void }) => (
  <button type="button" className={css.back} onClick={onClick}>
    <IconArrowLeft size={14} aria-hidden />
    {children}
  </button>
);

/** A part of a screen under a heading, on a card of its own. */
export function Section({
  title,
  lead,
  actions,
  children,
  flush,
  place,
}: {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** Rows reach the card's edge. */
  flush?: boolean;
  /** A name by which {@link goToPlace} finds it. */
  place?: string | undefined;
}) {
  return (
    <section className={css.section} aria-label={title} id={place} tabIndex={place === undefined ? undefined : -1}>
      <div className={css.sectionHead}>
        <div>
          <h2>{title}</h2>
          {lead ? <p className={css.sectionLead}>{lead}</p> : null}
        </div>
        {actions}
      </div>
      <div className={css.card} data-flush={flush || undefined}>
        {children}
      </div>
    </section>
  );
}

/** As long as parts of a screen may still arrive. */
const ARRIVING_MS = 2_000;

/**
 * Brings a part of the screen into view, for eyes and for the keyboard. What arrives above it a moment later does not push
 * it away, unless the person has begun to do something else.
 */
export function goToPlace(place: string) {
  const part = document.getElementById(place);
  if (part === null) return;
  part.focus({ preventScroll: true });
  const show = () => part.scrollIntoView({ block: "start" });
  show();
  const arriving = new ResizeObserver(show);
  if (part.parentElement) arriving.observe(part.parentElement);
  const stop = () => arriving.disconnect();
  for (const begun of ["wheel", "pointerdown", "keydown"]) window.addEventListener(begun, stop, { once: true });
  setTimeout(stop, ARRIVING_MS);
}

/** The parts of a long screen by their names, for {@link Page}. */
export const PageIndex = ({
  label,
  parts,
}: {
  label: string;
  parts: readonly (readonly [place: string, title: string])[];
}) => (
  <nav className={css.index} aria-label={label}>
    {parts.map(([place, title]) => (
      <button key={place} type="button" onClick={() => goToPlace(place)} data-testid={`go-${place}`}>
        {title}
      </button>
    ))}
  </nav>
);

/** Facts as term and value. */
export function Facts({ facts }: { facts: readonly (readonly [term: string, value: ReactNode])[] }) {
  return (
    <dl className={css.facts}>
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export const Muted = ({ children }: { children: ReactNode }) => <span className={css.muted}>{children}</span>;
export const Small = ({ children }: { children: ReactNode }) => <p className={css.small}>{children}</p>;
export const Mono = ({ children, wrap }: { children: ReactNode; wrap?: boolean }) => (
  <span className={css.mono} data-wrap={wrap || undefined}>
    {children}
  </span>
);
export const Key = ({ children }: { children: ReactNode }) => <kbd className={css.key}>{children}</kbd>;

/** Read by screen readers alone. */
export const Unseen = ({ children, live }: { children: ReactNode; live?: boolean }) => (
  <span className={css.unseen} aria-live={live ? "polite" : undefined}>
    {children}
  </span>
);

/** A part that scrolls by itself, so it can be reached and scrolled by keyboard. */
export const ScrollBox = ({
  label,
  className,
  children,
}: {
  label: string;
  className?: string | undefined;
  children: ReactNode;
}) => (
  // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling part must be reachable by keyboard
  <section className={className} tabIndex={0} aria-label={label}>
    {children}
  </section>
);
