//! The OData query options that clients of Graph use: `$select`, `$filter`, `$top`, `$count`, paging.

use serde_json::{Map, Value, json};

use crate::clock;
use crate::graph::call::{Call, Reply, Request};
use crate::graph::error::GraphError;

/// The value of a query option.
pub(crate) fn option<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.query.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
}

/// Keeps the selected properties of `object`, or `default` ones (`None` keeps all). Unknown names are refused.
fn select(object: Value, selected: Option<&str>, default: Option<&[&str]>) -> Result<Value, GraphError> {
    let Value::Object(all) = object else { return Ok(object) };
    let mut kept = Map::new();
    match selected {
        Some(list) => {
            for name in list.split(',').map(str::trim).filter(|n| !n.is_empty()) {
                match all.get(name) {
                    Some(value) => {
                        kept.insert(name.to_owned(), value.clone());
                    }
                    None if name == "*" => kept.extend(all.clone()),
                    None => {
                        return Err(GraphError::bad(&format!("Could not find a property named '{name}'.")));
                    }
                }
            }
        }
        None => {
            for (name, value) in &all {
                if default.is_none_or(|d| d.contains(&name.as_str())) {
                    kept.insert(name.clone(), value.clone());
                }
            }
        }
    }
    // The type of a derived object travels with it whatever was selected.
    if let Some(kind) = all.get("@odata.type") {
        kept.insert("@odata.type".to_owned(), kind.clone());
    }
    Ok(Value::Object(kept))
}

/// One object as an answer of 200.
pub(crate) fn entity(
    call: &Call<'_>,
    context: &str,
    object: Value,
    default: Option<&[&str]>,
) -> Result<Reply, GraphError> {
    let mut body = select(object, option(call.request, "$select"), default)?;
    body["@odata.context"] = format!("{}/v1.0/$metadata#{context}/$entity", call.world.graph).into();
    Ok(Reply::ok(body))
}

/// A list as an answer of 200: filtered, cut into pages with an absolute link to the next one.
pub(crate) fn list(
    call: &Call<'_>,
    context: &str,
    objects: Vec<Value>,
    default: Option<&[&str]>,
) -> Result<Reply, GraphError> {
    let request = call.request;
    let mut objects = objects;
    if let Some(text) = option(request, "$filter") {
        let filter = Filter::parse(text)?;
        if filter.advanced && !(request.consistency && option(request, "$count") == Some("true")) {
            return Err(GraphError::new(
                400,
                "Request_UnsupportedQuery",
                "The request needs the header ConsistencyLevel: eventual and $count=true.",
            ));
        }
        let mut kept = Vec::new();
        for object in objects {
            if filter.root.holds(&object)? {
                kept.push(object);
            }
        }
        objects = kept;
    }
    let total = objects.len();
    let top = match option(request, "$top") {
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|n| (1..=999).contains(n))
            .ok_or_else(|| GraphError::bad("Invalid page size specified. Must be between 1 and 999 inclusive."))?,
        None => call.world.settings.page_size.max(1),
    };
    let from = match option(request, "$skiptoken") {
        Some(text) => text.parse::<usize>().map_err(|_| GraphError::bad("Invalid skip token."))?,
        None => 0,
    };
    let mut value = Vec::new();
    for object in objects.into_iter().skip(from).take(top) {
        value.push(select(object, option(request, "$select"), default)?);
    }
    let mut body = json!({
        "@odata.context": format!("{}/v1.0/$metadata#{context}", call.world.graph),
        "value": value,
    });
    if option(request, "$count") == Some("true") && request.consistency {
        body["@odata.count"] = total.into();
    }
    if from + top < total {
        let mut link = url::form_urlencoded::Serializer::new(String::new());
        for (name, text) in request.query.iter().filter(|(k, _)| k != "$skiptoken") {
            link.append_pair(name, text);
        }
        link.append_pair("$skiptoken", &(from + top).to_string());
        body["@odata.nextLink"] =
            format!("{}/v1.0/{}?{}", call.world.graph, request.path.join("/"), link.finish()).into();
    }
    Ok(Reply::ok(body))
}

/// A parsed `$filter`.
struct Filter {
    root: Node,
    /// Uses an operator that Graph offers with eventual consistency only.
    advanced: bool,
}

enum Node {
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Compare { path: Vec<String>, operator: String, value: Value },
    StartsWith { path: Vec<String>, value: String },
    EndsWith { path: Vec<String>, value: String },
    In { path: Vec<String>, values: Vec<Value> },
    Any { path: Vec<String>, operator: String, value: Value },
}

impl Node {
    fn holds(&self, object: &Value) -> Result<bool, GraphError> {
        Ok(match self {
            Self::And(a, b) => a.holds(object)? && b.holds(object)?,
            Self::Or(a, b) => a.holds(object)? || b.holds(object)?,
            Self::Not(a) => !a.holds(object)?,
            Self::Compare { path, operator, value } => compare(at(object, path)?, operator, value),
            Self::StartsWith { path, value } => {
                at(object, path)?.as_str().is_some_and(|t| t.to_lowercase().starts_with(&value.to_lowercase()))
            }
            Self::EndsWith { path, value } => {
                at(object, path)?.as_str().is_some_and(|t| t.to_lowercase().ends_with(&value.to_lowercase()))
            }
            Self::In { path, values } => {
                let found = at(object, path)?;
                values.iter().any(|v| compare(found, "eq", v))
            }
            Self::Any { path, operator, value } => {
                at(object, path)?.as_array().is_some_and(|all| all.iter().any(|one| compare(one, operator, value)))
            }
        })
    }
}

/// The property at a path. The first step must exist; below it absent means null.
fn at<'a>(object: &'a Value, path: &[String]) -> Result<&'a Value, GraphError> {
    let unknown = || GraphError::bad(&format!("Invalid filter clause: no property named '{}'.", path.join("/")));
    let mut here = object.get(path.first().ok_or_else(unknown)?).ok_or_else(unknown)?;
    for step in &path[1..] {
        here = here.get(step).unwrap_or(&Value::Null);
    }
    Ok(here)
}

fn compare(found: &Value, operator: &str, value: &Value) -> bool {
    use std::cmp::Ordering;
    let order = match (found, value) {
        (Value::String(a), Value::String(b)) => match (clock::parse_time(a), clock::parse_time(b)) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            // The directory compares text without regard to case.
            _ => Some(a.to_lowercase().cmp(&b.to_lowercase())),
        },
        (a, b) if a == b => Some(Ordering::Equal),
        _ => None,
    };
    match operator {
        "eq" => order == Some(Ordering::Equal),
        "ne" => order != Some(Ordering::Equal),
        "ge" => order.is_some_and(Ordering::is_ge),
        "gt" => order.is_some_and(Ordering::is_gt),
        "le" => order.is_some_and(Ordering::is_le),
        "lt" => order.is_some_and(Ordering::is_lt),
        _ => false,
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Word {
    Name(String),
    Text(String),
    Open,
    Close,
    Comma,
}

fn words(text: &str) -> Result<Vec<Word>, GraphError> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' => {}
            '(' => words.push(Word::Open),
            ')' => words.push(Word::Close),
            ',' => words.push(Word::Comma),
            '\'' => {
                let mut inner = String::new();
                loop {
                    match chars.next() {
                        Some('\'') if chars.peek() == Some(&'\'') => {
                            chars.next();
                            inner.push('\'');
                        }
                        Some('\'') => break,
                        Some(c) => inner.push(c),
                        None => return Err(GraphError::bad("Invalid filter clause: unterminated string.")),
                    }
                }
                words.push(Word::Text(inner));
            }
            c => {
                let mut name = String::from(c);
                while let Some(&n) = chars.peek() {
                    if matches!(n, ' ' | '(' | ')' | ',' | '\'') {
                        break;
                    }
                    name.push(n);
                    chars.next();
                }
                words.push(Word::Name(name));
            }
        }
    }
    Ok(words)
}

impl Filter {
    fn parse(text: &str) -> Result<Self, GraphError> {
        let mut reader = Reader { words: words(text)?, at: 0, advanced: false, depth: 0 };
        let root = reader.either()?;
        if reader.at != reader.words.len() {
            return Err(syntax());
        }
        Ok(Self { root, advanced: reader.advanced })
    }
}

fn syntax() -> GraphError {
    GraphError::bad("Invalid filter clause: syntax error.")
}

struct Reader {
    words: Vec<Word>,
    at: usize,
    advanced: bool,
    depth: usize,
}

impl Reader {
    fn next(&mut self) -> Result<Word, GraphError> {
        let word = self.words.get(self.at).cloned().ok_or_else(syntax)?;
        self.at += 1;
        Ok(word)
    }

    fn is_name(&self, name: &str) -> bool {
        matches!(self.words.get(self.at), Some(Word::Name(n)) if n.eq_ignore_ascii_case(name))
    }

    fn expect(&mut self, word: &Word) -> Result<(), GraphError> {
        if self.next()? == *word { Ok(()) } else { Err(syntax()) }
    }

    fn either(&mut self) -> Result<Node, GraphError> {
        let mut left = self.both()?;
        while self.is_name("or") {
            self.at += 1;
            left = Node::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Node, GraphError> {
        let mut left = self.one()?;
        while self.is_name("and") {
            self.at += 1;
            left = Node::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Node, GraphError> {
        // A hostile filter must not exhaust the stack.
        self.depth += 1;
        if self.depth > 50 {
            return Err(syntax());
        }
        if self.is_name("not") {
            self.at += 1;
            self.advanced = true;
            return Ok(Node::Not(Box::new(self.one()?)));
        }
        match self.next()? {
            Word::Open => {
                let inner = self.either()?;
                self.expect(&Word::Close)?;
                Ok(inner)
            }
            Word::Name(name) if name == "startswith" || name == "startsWith" => {
                let (path, value) = self.arguments()?;
                Ok(Node::StartsWith { path, value })
            }
            Word::Name(name) if name == "endswith" || name == "endsWith" => {
                self.advanced = true;
                let (path, value) = self.arguments()?;
                Ok(Node::EndsWith { path, value })
            }
            Word::Name(name) if name.ends_with("/any") => self.any(&name),
            Word::Name(name) => {
                let path = name.split('/').map(str::to_owned).collect();
                match self.next()? {
                    Word::Name(op) if op == "in" => self.members(path),
                    Word::Name(op) if ["eq", "ne", "ge", "gt", "le", "lt"].contains(&op.as_str()) => {
                        self.advanced |= op == "ne";
                        Ok(Node::Compare { path, operator: op, value: self.value()? })
                    }
                    _ => Err(syntax()),
                }
            }
            _ => Err(syntax()),
        }
    }

    /// `tags/any(t:t eq 'x')`
    fn any(&mut self, name: &str) -> Result<Node, GraphError> {
        let path = name.trim_end_matches("/any").split('/').map(str::to_owned).collect();
        self.expect(&Word::Open)?;
        let Word::Name(variable) = self.next()? else { return Err(syntax()) };
        let (before, after) = variable.split_once(':').ok_or_else(syntax)?;
        let named = if after.is_empty() { self.next()? == Word::Name(before.to_owned()) } else { before == after };
        let Word::Name(operator) = self.next()? else { return Err(syntax()) };
        if !named || operator != "eq" {
            return Err(syntax());
        }
        let value = self.value()?;
        self.expect(&Word::Close)?;
        Ok(Node::Any { path, operator, value })
    }

    fn arguments(&mut self) -> Result<(Vec<String>, String), GraphError> {
        self.expect(&Word::Open)?;
        let Word::Name(name) = self.next()? else { return Err(syntax()) };
        self.expect(&Word::Comma)?;
        let Word::Text(value) = self.next()? else { return Err(syntax()) };
        self.expect(&Word::Close)?;
        Ok((name.split('/').map(str::to_owned).collect(), value))
    }

    fn members(&mut self, path: Vec<String>) -> Result<Node, GraphError> {
        self.expect(&Word::Open)?;
        let mut values = Vec::new();
        loop {
            values.push(self.value()?);
            match self.next()? {
                Word::Comma => {}
                Word::Close => return Ok(Node::In { path, values }),
                _ => return Err(syntax()),
            }
        }
    }

    fn value(&mut self) -> Result<Value, GraphError> {
        Ok(match self.next()? {
            Word::Text(text) => Value::String(text),
            Word::Name(name) => match name.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                // Dates and GUIDs are written bare.
                other => other.parse::<i64>().map_or_else(|_| Value::String(other.to_owned()), Value::from),
            },
            _ => return Err(syntax()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(filter: &str, object: &Value) -> Result<bool, GraphError> {
        Filter::parse(filter)?.root.holds(object)
    }

    #[test]
    fn filters_that_graph_understands_are_understood() {
        let user = json!({ "userPrincipalName": "o'neil@x.com", "accountEnabled": true, "tags": ["a"],
            "createdDateTime": "2026-01-02T00:00:00Z", "initiatedBy": { "user": { "id": "7" } } });
        for filter in [
            "userPrincipalName eq 'O''NEIL@x.com'",
            "accountEnabled eq true and startswith(userPrincipalName,'o')",
            "createdDateTime ge 2026-01-01T00:00:00Z",
            "initiatedBy/user/id eq '7'",
            "userPrincipalName in ('a', 'o''neil@x.com')",
            "(accountEnabled eq false) or tags/any(t:t eq 'a')",
        ] {
            assert!(holds(filter, &user).expect("valid"), "{filter}");
        }
    }

    #[test]
    fn a_broken_filter_is_refused_and_never_ends_the_process() {
        let object = json!({ "a": 1 });
        for filter in ["", "a", "a eq", "a eq 'x", "(a eq 1", "a eq 1)", "b eq 1", "a zz 1", &"(".repeat(9999)] {
            assert!(holds(filter, &object).is_err(), "{filter}");
        }
    }
}
