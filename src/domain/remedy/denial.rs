//! Reads the message of an AccessDenied: the action, the resource, and the policy that denied it.
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>

/// A denial, as far as its message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Denial<'a> {
    /// In IAM's words, for instance `kms:CreateGrant`.
    pub(super) action: &'a str,
    pub(super) resource: Option<&'a str>,
    pub(super) why: Why<'a>,
}

/// Which policy denied it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why<'a> {
    /// The caller's own policies don't allow it.
    NoIdentityPolicy,
    /// The resource's policy doesn't allow it.
    NoResourcePolicy,
    /// A policy of this kind denies it.
    ExplicitDeny(&'a str),
    /// The message doesn't say.
    Unsaid,
}

impl<'a> Denial<'a> {
    /// Reads "User: … is not authorized to perform: ACTION on resource: ARN because …".
    pub(super) fn read(message: &'a str) -> Option<Self> {
        let (_, rest) = message.split_once("not authorized to perform: ")?;
        let action = word(rest).filter(|action| action.contains(':'))?;
        let resource = rest.split_once("on resource: ").and_then(|(_, rest)| word(rest));
        Some(Self { action, resource, why: Why::read(rest) })
    }

    /// What was denied, in words.
    pub(super) fn what(&self) -> String {
        match self.resource {
            Some(resource) => format!("`{}` on `{resource}`", self.action),
            None => format!("`{}`", self.action),
        }
    }

    /// Whether the resource is this project.
    pub(super) fn is_about(&self, project: &str) -> bool {
        self.resource == Some(project)
    }
}

impl<'a> Why<'a> {
    fn read(text: &'a str) -> Self {
        if let Some((_, policy)) = text.split_once("with an explicit deny in ") {
            return Self::ExplicitDeny(policy.trim_end_matches('.'));
        }
        if text.contains("because no identity-based policy allows") {
            return Self::NoIdentityPolicy;
        }
        if text.contains("because no resource-based policy allows") {
            return Self::NoResourcePolicy;
        }
        Self::Unsaid
    }
}

/// The first word, without the punctuation that ends a sentence and the quotes that some services put.
fn word(text: &str) -> Option<&str> {
    let word = text.split_whitespace().next()?.trim_matches(['.', ',', '"', '\'', '`']);
    (!word.is_empty()).then_some(word)
}
