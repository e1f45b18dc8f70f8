import { useState } from "react";
import { Button, Dialog } from "../components";
import { useWords } from "../words";

/** The way to a few plain sentences about what belongs here. They are in the program: nothing is fetched. */
export function Learn({ topic }: { topic: "organizations" | "accounts" | "attention" | "audit" | "team" }) {
  const t = useWords();
  const [open, setOpen] = useState(false);
  const title = t(`learn.${topic}.title`);
  return (
    <>
      <Button kind="quiet" label={t("learn.more", { about: title })} onClick={() => setOpen(true)}>
        {t("common.learn")}
      </Button>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title={title}
        closeLabel={t("common.close")}
        actions={<Button onClick={() => setOpen(false)}>{t("common.close")}</Button>}
      >
        <p>{t(`learn.${topic}.what`)}</p>
        <p>{t(`learn.${topic}.how`)}</p>
        <p>{t(`learn.${topic}.holds`)}</p>
      </Dialog>
    </>
  );
}
