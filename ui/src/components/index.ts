// The library's style sheets come first: what stands in the components' own is to win over them.
import "./styles";

export * from "./Brand";
export * from "./Button";
export * from "./Dialog";
export * from "./Field";
export * from "./Ground";
export * from "./Layout";
export * from "./Mark";
export * from "./Notice";
export * from "./Options";
export * from "./Palette";
export * from "./Popup";
export * from "./Provider";
export * from "./Tabs";
export * from "./Tip";
export * from "./toast";
export * from "./Wait";
