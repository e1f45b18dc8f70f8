// Pieces that know our views and are used by several features.
export * from "./activity";
export * from "./ErrorNotice";
export * from "./Filter";
export * from "./Go";
export * from "./IntervalField";
export * from "./Learn";
export * from "./Name";
export * from "./Network";
export { nextStepOf } from "./nextSteps";
export * from "./NewPassphrase";
export * from "./OpenName";
export * from "./Passphrase";
export * from "./PathField";
export * from "./StateMark";
export * from "./useNow";
export * from "./useSpoken";
export * from "./When";
