// Filters with their order and columns, under names of one's own.

import { IconBookmark, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { Button, IconButton, Popup, Row, Small, Stack, TextField } from "../../components";
import type { ErrorView, SavedView } from "../../host";
import { ErrorNotice, Name } from "../../parts";
import { useWords } from "../../words";
import css from "./OrganizationList.module.css";

export function SavedViews({
  saved,
  error,
  busy,
  onApply,
  onSave,
  onForget,
}: {
  saved: readonly SavedView[];
  error: ErrorView | null;
  busy: boolean;
  onApply: (view: SavedView) => void;
  /** Saves what is on the screen under this name. */
  onSave: (name: string) => Promise<boolean>;
  onForget: (view: SavedView) => void;
}) {
  const t = useWords();
  const [name, setName] = useState("");
  return (
    <Popup label={t("organizations.views")} icon={<IconBookmark size={16} />} testId="views">
      {(close) => (
        <Stack>
          {saved.length === 0 ? (
            <Small>{t("organizations.viewsNone")}</Small>
          ) : (
            <ul className={css.views} aria-label={t("organizations.views")}>
              {saved.map((view) => (
                <li key={view.name}>
                  <button
                    type="button"
                    className={css.view}
                    data-testid="saved-view"
                    onClick={() => {
                      onApply(view);
                      close();
                    }}
                  >
                    <Name>{view.name}</Name>
                  </button>
                  <IconButton label={t("organizations.viewForget", { name: view.name })} onClick={() => onForget(view)}>
                    <IconX size={14} />
                  </IconButton>
                </li>
              ))}
            </ul>
          )}
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (name.trim() === "") return;
              void onSave(name.trim()).then((done) => {
                if (!done) return;
                setName("");
                close();
              });
            }}
          >
            <Stack gap={8}>
              <TextField
                label={t("organizations.viewName")}
                hint={t("organizations.viewHint")}
                value={name}
                onChange={setName}
                maxLength={40}
                testId="view-name"
              />
              <ErrorNotice error={error} />
              <Row>
                <Button submit small busy={busy} testId="view-save">
                  {t("organizations.viewSave")}
                </Button>
              </Row>
            </Stack>
          </form>
        </Stack>
      )}
    </Popup>
  );
}
