import { useEffect } from "react";
import { useHost } from "../host";

/** Tells Rust, at most every 20 seconds, that a person uses the window. Rust alone decides when to lock. */
export function useTouch() {
  const host = useHost();
  useEffect(() => {
    let last = 0;
    const used = () => {
      const now = Date.now();
      if (now - last < 20_000) return;
      last = now;
      // While locked this is refused, and there is nothing to say about it.
      void host.touch({}).catch(() => {});
    };
    const kinds = ["keydown", "pointerdown", "pointermove", "wheel"] as const;
    for (const kind of kinds) window.addEventListener(kind, used, { passive: true });
    return () => {
      for (const kind of kinds) window.removeEventListener(kind, used);
    };
  }, [host]);
}
