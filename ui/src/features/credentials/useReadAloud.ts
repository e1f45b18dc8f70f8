// A secret in spoken words, by a voice of this machine. Many systems offer voices beside theirs that a server speaks with:
// to them the words would be sent, so they are never taken.

import { useEffect, useEffectEvent, useState } from "react";

/** Absent where the system cannot speak. */
const speech = (): SpeechSynthesis | undefined => globalThis.speechSynthesis;

/** Voices of Flite, which WebKitGTK has within it and yet calls remote (seen in 2.50). */
const flite = ["kal", "slt", "rms", "awb"];

/** The machine's own English voice, its default one first. */
function ownVoice(): SpeechSynthesisVoice | null {
  const voices = speech()?.getVoices() ?? [];
  const own = voices.filter(
    (voice) => (voice.localService || flite.includes(voice.name)) && voice.lang.startsWith("en"),
  );
  return own.find((voice) => voice.default) ?? own[0] ?? null;
}

/**
 * Speaks the words at a place while `on`, and those at the next place once it is another. `onEnd` hears that they were
 * spoken, or could not be. Silent at once when it is switched off or what shows the secret goes away. Answers whether
 * this machine has a voice.
 */
export function useReadAloud(on: boolean, at: number, words: string, onEnd: (spoken: boolean) => void): boolean {
  const [voice, setVoice] = useState(ownVoice);
  const ended = useEffectEvent(onEnd);
  useEffect(() => {
    const heard = () => setVoice(ownVoice());
    speech()?.addEventListener("voiceschanged", heard);
    return () => speech()?.removeEventListener("voiceschanged", heard);
  }, []);
  useEffect(() => {
    if (!on || voice === null) return;
    let stopped = false;
    const utterance = new SpeechSynthesisUtterance(words);
    utterance.voice = voice;
    utterance.lang = voice.lang;
    const over = (spoken: boolean) => {
      if (!stopped) ended(spoken);
    };
    utterance.onend = () => over(true);
    utterance.onerror = () => over(false);
    speech()?.speak(utterance);
    return () => {
      stopped = true;
      speech()?.cancel();
    };
  }, [on, voice, at, words]);
  return voice !== null;
}
