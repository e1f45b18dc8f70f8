//! A person at a browser, played: opens pages, fills plain HTML forms and follows where they lead, cookies included.
//!
//! It knows nothing of the pages beforehand: fields are found by their names, as a person finds them by their labels.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use reqwest::{Certificate, Client, Url};
use scraper::{ElementRef, Html, Selector};

/// A person with a browser of their own: one cookie jar, as of one profile.
#[derive(Clone, Debug)]
pub struct Person {
    browser: Client,
}

/// A page as it was answered, after all redirects.
#[derive(Clone, Debug)]
pub struct Page {
    browser: Client,
    /// Where the page is; after a sign-in this is the address the program listens on.
    pub url: Url,
    /// The HTTP status.
    pub status: u16,
    html: String,
}

/// A form of a page, being filled.
#[derive(Clone, Debug)]
pub struct Form {
    browser: Client,
    action: Url,
    post: bool,
    fields: BTreeMap<String, String>,
    buttons: Vec<(String, String, String)>,
}

impl Person {
    /// A person whose browser trusts what this machine trusts.
    pub fn new() -> Result<Self> {
        Self::trusting(None)
    }

    /// A person whose browser trusts this certificate (PEM) as well: of a simulated cloud with TLS.
    pub fn trusting(certificate: Option<&[u8]>) -> Result<Self> {
        // Another part of the test program may have chosen the provider already; either will do.
        let _ = rustls::crypto::CryptoProvider::install_default(rustls::crypto::ring::default_provider());
        let mut browser = Client::builder().cookie_provider(Arc::new(reqwest::cookie::Jar::default())).no_proxy();
        if let Some(pem) = certificate {
            browser = browser.tls_certs_merge([Certificate::from_pem(pem)?]);
        }
        Ok(Self { browser: browser.build()? })
    }

    /// Opens an address, as typed or as handed over by a program.
    pub async fn open(&self, address: &str) -> Result<Page> {
        let address = Url::parse(address).with_context(|| format!("not an address: {address}"))?;
        Page::load(&self.browser, self.browser.get(address)).await
    }
}

impl Page {
    async fn load(browser: &Client, request: reqwest::RequestBuilder) -> Result<Self> {
        let answer = request.send().await?;
        let (url, status) = (answer.url().clone(), answer.status().as_u16());
        Ok(Self { browser: browser.clone(), url, status, html: answer.text().await? })
    }

    /// The page's text without markup, with single spaces.
    #[must_use]
    pub fn text(&self) -> String {
        let html = Html::parse_document(&self.html);
        let words = html.root_element().text().flat_map(str::split_whitespace).collect::<Vec<_>>();
        words.join(" ")
    }

    /// The text of the first element that this CSS selector finds.
    #[must_use]
    pub fn text_of(&self, selector: &str) -> Option<String> {
        let selector = Selector::parse(selector).ok()?;
        let html = Html::parse_document(&self.html);
        html.select(&selector).next().map(|element| element.text().collect::<String>().trim().to_owned())
    }

    /// The first form that has all these fields, filled with these values; what the page filled in already stays.
    pub fn fill(&self, values: &[(&str, &str)]) -> Result<Form> {
        let html = Html::parse_document(&self.html);
        let forms = html.select(&selector("form")).map(|form| self.read(form)).collect::<Result<Vec<_>>>()?;
        let fits = |form: &Form| values.iter().all(|(name, _)| form.fields.contains_key(*name));
        let mut form = forms.into_iter().find(fits).ok_or_else(|| {
            let names: Vec<_> = values.iter().map(|(name, _)| name).collect();
            anyhow!("no form with the fields {names:?} at {}: {}", self.url, self.text())
        })?;
        for (name, value) in values {
            form.fields.insert((*name).to_owned(), (*value).to_owned());
        }
        Ok(form)
    }

    /// Whether some form has a field of this name.
    #[must_use]
    pub fn asks_for(&self, field: &str) -> bool {
        self.fill(&[(field, "")]).is_ok()
    }

    /// Follows the first link with this text.
    pub async fn follow(&self, text: &str) -> Result<Self> {
        let target = {
            let html = Html::parse_document(&self.html);
            let link = html.select(&selector("a[href]")).find(|link| link.text().collect::<String>().trim() == text);
            let link = link.with_context(|| format!("no link {text:?} at {}", self.url))?;
            self.url.join(link.attr("href").unwrap_or_default())?
        };
        Self::load(&self.browser, self.browser.get(target)).await
    }

    fn read(&self, form: ElementRef<'_>) -> Result<Form> {
        let action = self.url.join(form.attr("action").unwrap_or_default())?;
        let post = form.attr("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
        let mut fields = BTreeMap::new();
        let mut buttons = Vec::new();
        for field in form.select(&selector("input, select, textarea, button")) {
            let name = field.attr("name").unwrap_or_default().to_owned();
            let value = field.attr("value").unwrap_or_default().to_owned();
            let kind = field.attr("type").unwrap_or_default();
            let chosen = field.attr("checked").is_some();
            match (field.value().name(), kind) {
                ("button" | "input", "button" | "reset") => {}
                ("button", _) => buttons.push((field.text().collect::<String>().trim().to_owned(), name, value)),
                ("input", "submit") => buttons.push((value.clone(), name, value)),
                _ if name.is_empty() => {}
                ("input", "checkbox" | "radio") if !chosen => {}
                ("textarea", _) => drop(fields.insert(name, field.text().collect())),
                ("select", _) => {
                    let option = selector("option[selected]");
                    let option = field.select(&option).next().or_else(|| field.select(&selector("option")).next());
                    let value = option.and_then(|option| option.attr("value")).unwrap_or_default();
                    fields.insert(name, value.to_owned());
                }
                _ => drop(fields.insert(name, value)),
            }
        }
        Ok(Form { browser: self.browser.clone(), action, post, fields, buttons })
    }
}

impl Form {
    /// Presses the first button, or Enter where there is none.
    pub async fn submit(self) -> Result<Page> {
        let first = self.buttons.first().cloned();
        self.send(first).await
    }

    /// Presses the button with this text.
    pub async fn press(self, text: &str) -> Result<Page> {
        let Some(button) = self.buttons.iter().find(|(label, ..)| label == text).cloned() else {
            let labels: Vec<_> = self.buttons.iter().map(|(label, ..)| label).collect();
            bail!("no button {text:?} among {labels:?}");
        };
        self.send(Some(button)).await
    }

    async fn send(mut self, pressed: Option<(String, String, String)>) -> Result<Page> {
        if let Some((_, name, value)) = pressed.filter(|(_, name, _)| !name.is_empty()) {
            self.fields.insert(name, value);
        }
        let request = if self.post {
            self.browser.post(self.action).form(&self.fields)
        } else {
            self.action.query_pairs_mut().clear().extend_pairs(&self.fields);
            self.browser.get(self.action)
        };
        Page::load(&self.browser, request).await
    }
}

/// Our own constants only; a wrong one is found by the first test that runs.
fn selector(text: &str) -> Selector {
    Selector::parse(text).expect("the selector is a valid constant")
}
