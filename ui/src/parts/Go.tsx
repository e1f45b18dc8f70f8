// The ways out of an error, from wherever it is shown. Only the main window has them: the reveal window leads nowhere.

import { createContext, useContext } from "react";
import type { NextStep } from "./nextSteps";

/** What an error is about. */
export type About = { organization?: string };

/** The act behind a step; null where it leads nowhere from here. */
export type Go = (step: Exclude<NextStep, "retry">, about: About) => (() => void) | null;

const GoContext = createContext<Go>(() => null);
export const GoProvider = GoContext;
export const useGo = () => useContext(GoContext);
