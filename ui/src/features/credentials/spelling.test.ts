import { expect, test } from "vitest";
import { words } from "../../words";
import { groupsOfFour, kindOf, spell } from "./spelling";

const t = words.t as never;

test("every sign that a password may hold has a word of its own", () => {
  const signs = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).filter(
    (sign) => !`"'\``.includes(sign),
  );
  const spelled = signs.map((sign) => spell(t, sign));
  expect(new Set(spelled).size).toBe(signs.length);
  expect(spelled).not.toContain("sign");
});

test("capitals, small letters, digits and symbols are told apart", () => {
  expect(["Q", "q", "7", "#", "."].map((sign) => spell(t, sign))).toEqual([
    "capital Quebec",
    "quebec",
    "digit seven",
    "hash",
    "dot",
  ]);
  expect(["a", "1", "@"].map(kindOf)).toEqual(["letter", "digit", "symbol"]);
});

test("groups of four lose and reorder nothing", () => {
  const secret = "Ab1#Cd2$E";
  const groups = groupsOfFour(secret);
  expect(groups.map((group) => group.signs.length)).toEqual([4, 4, 1]);
  expect(groups.flatMap((group) => group.signs.map((sign) => sign.sign)).join("")).toBe(secret);
});
