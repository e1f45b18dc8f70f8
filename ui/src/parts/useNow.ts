import { useEffect, useState } from "react";

/** The present moment, renewed every `ms` while `running`. */
export function useNow(ms = 30_000, running = true): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    // What was true a moment ago is not drawn again for it: a list has a hundred of these.
    setNow((then) => (Date.now() - then < ms ? then : Date.now()));
    const timer = setInterval(() => setNow(Date.now()), ms);
    return () => clearInterval(timer);
  }, [ms, running]);
  return now;
}
