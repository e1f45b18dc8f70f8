import { shown } from "../words";

/** A name that others chose, with its own direction and without a hold on what stands around it. */
export const Name = ({ children }: { children: string | null | undefined }) => <bdi>{shown(children ?? "")}</bdi>;
