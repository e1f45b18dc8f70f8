//! One printed page as PDF: title, paragraphs, and codes in large groups. Base fonts only, so nothing is embedded and
//! the page prints the same everywhere (ISO 32000-1, 9.6.2.2).

use pdf_writer::{Content, Name, Pdf, Rect, Ref, Str};

/// A4 in points.
const PAGE: (f32, f32) = (595.0, 842.0);
const MARGIN: f32 = 62.0;
/// Where the four groups of a row begin.
const COLUMNS: [f32; 4] = [MARGIN, MARGIN + 116.0, MARGIN + 232.0, MARGIN + 348.0];

/// A page to print.
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    pub(crate) parts: Vec<Part<'a>>,
}

/// A part of a page, from top to bottom.
pub(crate) enum Part<'a> {
    /// Words, wrapped.
    Words(String),
    /// A small heading.
    Heading(&'a str),
    /// A code in groups, large and numbered. The text is secret: the caller wipes it.
    Code(&'a str),
    /// An empty field to fill in by hand.
    Field(&'a str),
}

const BODY: Name = Name(b"F1");
const BOLD: Name = Name(b"F2");
const MONO: Name = Name(b"F3");

/// Draws the page.
pub(crate) fn draw(page: &Page<'_>) -> Vec<u8> {
    let mut pen = Pen { content: Content::new(), y: PAGE.1 - MARGIN };
    pen.line(BOLD, 22.0, MARGIN, page.title, 34.0);
    for part in &page.parts {
        match part {
            Part::Words(words) => {
                for line in wrap(words, 92) {
                    pen.line(BODY, 10.5, MARGIN, &line, 15.0);
                }
                pen.y -= 7.0;
            }
            Part::Heading(heading) => {
                pen.y -= 8.0;
                pen.line(BOLD, 12.0, MARGIN, heading, 20.0);
            }
            Part::Code(code) => pen.code(code),
            Part::Field(label) => {
                pen.line(BODY, 10.5, MARGIN, &format!("{label}: ____________________________________"), 24.0);
            }
        }
    }
    finish(page.title, &pen.content.finish())
}

struct Pen {
    content: Content,
    y: f32,
}

impl Pen {
    fn line(&mut self, font: Name<'_>, size: f32, x: f32, text: &str, advance: f32) {
        self.content.begin_text();
        self.content.set_font(font, size);
        self.content.next_line(x, self.y);
        self.content.show(Str(&latin(text)));
        self.content.end_text();
        self.y -= advance;
    }

    /// Groups four to a row, each under its number, so that "group 3" can be found and typed back.
    fn code(&mut self, code: &str) {
        let groups: Vec<&str> = code.split(['-', ' ']).filter(|group| !group.is_empty()).collect();
        for (row, four) in groups.chunks(4).enumerate() {
            for (column, (group, x)) in four.iter().zip(COLUMNS).enumerate() {
                let below = self.y;
                self.line(BODY, 8.0, x, &(row * 4 + column + 1).to_string(), 17.0);
                self.line(MONO, 18.0, x, group, 0.0);
                self.y = below;
            }
            self.y -= 42.0;
        }
    }
}

fn finish(title: &str, content: &[u8]) -> Vec<u8> {
    let [catalog, pages, page, body, bold, mono, stream, info] = [1, 2, 3, 4, 5, 6, 7, 8].map(Ref::new);
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    let mut this = pdf.page(page);
    this.parent(pages).media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1)).contents(stream);
    this.resources().fonts().pair(BODY, body).pair(BOLD, bold).pair(MONO, mono);
    drop(this);
    for (id, base) in [(body, "Helvetica"), (bold, "Helvetica-Bold"), (mono, "Courier-Bold")] {
        pdf.type1_font(id).base_font(Name(base.as_bytes())).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    pdf.stream(stream, content);
    pdf.document_info(info).title(pdf_writer::TextStr(title)).creator(pdf_writer::TextStr("Vitrine"));
    pdf.finish()
}

/// The base fonts hold Latin letters and the usual marks of print. Others become `?` on paper; codes are ASCII and never
/// affected.
fn latin(text: &str) -> Vec<u8> {
    text.chars().map(win_ansi).collect()
}

/// A character's byte in WinAnsiEncoding (ISO 32000-1, annex D.2).
fn win_ansi(c: char) -> u8 {
    match c {
        '€' => 0x80,
        '‘' => 0x91,
        '’' => 0x92,
        '“' => 0x93,
        '”' => 0x94,
        '–' => 0x96,
        '—' => 0x97,
        c => u8::try_from(u32::from(c)).ok().filter(|b| (0x20..0x7f).contains(b) || *b >= 0xa0).unwrap_or(b'?'),
    }
}

fn wrap(words: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_its_groups_and_holds_them_whole() {
        let drawn = draw(&Page {
            title: "Recovery kit",
            parts: vec![Part::Words("Keep this.".into()), Part::Code("ABCD-EFGH-2345")],
        });
        let text = String::from_utf8_lossy(&drawn);
        for part in ["Recovery kit", "ABCD", "EFGH", "2345"] {
            assert!(text.contains(part), "{part}");
        }
        assert!(drawn.starts_with(b"%PDF-"));
    }

    #[test]
    fn letters_that_the_base_fonts_lack_do_not_break_the_page() {
        let drawn = draw(&Page { title: "漢字 \u{202e} Kunde", parts: vec![] });
        assert!(String::from_utf8_lossy(&drawn).contains("?? ? Kunde"));
    }

    #[test]
    fn long_words_and_sentences_wrap_within_the_page() {
        assert!(wrap(&"word ".repeat(60), 92).iter().all(|line| line.len() <= 92));
    }
}
