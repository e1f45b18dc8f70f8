// The glass case, in the three places where it may stand.

import css from "./Brand.module.css";

/** The mark of the application icon, small. */
export function CaseMark({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#0f766e" />
      <path d="M8 22V8a1 1 0 0 1 1-1h14a1 1 0 0 1 1 1v14" fill="#fff" fillOpacity=".16" stroke="#fff" strokeWidth="2" />
      <rect x="5" y="22" width="22" height="4" rx="1" fill="#fff" />
      <path d="M13 10h6v5h-2v6h-2v-6h-2z" fill="#fff" />
    </svg>
  );
}

/** The case as a line drawing, for the unlock screen. */
export function GlassCase() {
  return (
    <svg viewBox="24 0 152 176" className={css.case} aria-hidden="true">
      <defs>
        <linearGradient id="pane" x1="0" y1="0" x2="1" y2="1">
          <stop offset="0" className={css.paneA} />
          <stop offset=".55" className={css.paneB} />
          <stop offset="1" className={css.paneC} />
        </linearGradient>
      </defs>
      <path d="M54 148V24a10 10 0 0 1 10-10h72a10 10 0 0 1 10 10v124z" fill="url(#pane)" className={css.frame} />
      <path d="M66 66l18-36M66 86l28-56" className={css.shine} />
      <g className={css.key}>
        <circle cx="100" cy="66" r="14" />
        <path d="M100 80v44M100 106h13M100 119h10" />
      </g>
      <rect x="40" y="148" width="120" height="14" rx="4" className={css.plinth} />
    </svg>
  );
}
