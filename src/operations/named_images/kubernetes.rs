//! The images of Kubernetes manifests: of pods, of what makes pods, and of lists of both.

use super::yaml::{self, Node, YamlError};

/// The most objects and containers that are looked at; aliases can make few lines many.
const MAX_VISITED: usize = 100_000;
/// How deep lists may hold lists.
const MAX_DEPTH: usize = 16;

/// Why a manifest is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It is no YAML.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// A document that is no object.
    #[error("a document is no object")]
    NoObject,
    /// Containers that are none.
    #[error("{0} is not what it should be")]
    Shape(&'static str),
    /// More than [`MAX_VISITED`].
    #[error("more than {MAX_VISITED} objects and containers")]
    TooMany,
}

struct Finder {
    images: Vec<String>,
    visited: usize,
}

/// The images of all documents, in their order; of each pod those of its init containers first.
///
/// # Errors
/// [`ManifestError`].
pub fn images(manifest: &str) -> Result<Vec<String>, ManifestError> {
    let mut finder = Finder { images: Vec::new(), visited: 0 };
    for document in yaml::documents(manifest)? {
        match &*document {
            Node::Null => {}
            object @ Node::Mapping(_) => finder.object(object, 0)?,
            _ => return Err(ManifestError::NoObject),
        }
    }
    Ok(finder.images)
}

impl Finder {
    fn visit(&mut self) -> Result<(), ManifestError> {
        self.visited += 1;
        if self.visited > MAX_VISITED { Err(ManifestError::TooMany) } else { Ok(()) }
    }

    fn object(&mut self, object: &Node, depth: usize) -> Result<(), ManifestError> {
        self.visit()?;
        for spec in object.values("spec") {
            // A pod; a deployment, a job and the like; a cron job.
            self.pod(spec)?;
            self.templates(spec)?;
            for job in spec.values("jobTemplate") {
                for spec in job.values("spec") {
                    self.templates(spec)?;
                }
            }
        }
        let is_list = object.values("kind").iter().any(|kind| matches!(kind, Node::Scalar(kind) if kind.ends_with("List")));
        for items in object.values("items").into_iter().filter(|_| is_list && depth < MAX_DEPTH) {
            if let Node::Sequence(items) = items {
                items.iter().try_for_each(|item| self.object(item, depth + 1))?;
            }
        }
        Ok(())
    }

    fn templates(&mut self, spec: &Node) -> Result<(), ManifestError> {
        for template in spec.values("template") {
            template.values("spec").into_iter().try_for_each(|pod| self.pod(pod))?;
        }
        Ok(())
    }

    fn pod(&mut self, spec: &Node) -> Result<(), ManifestError> {
        for field in ["initContainers", "containers", "ephemeralContainers"] {
            for containers in spec.values(field) {
                match containers {
                    Node::Null => {}
                    Node::Sequence(containers) => containers.iter().try_for_each(|container| self.container(container))?,
                    _ => return Err(ManifestError::Shape(field)),
                }
            }
        }
        Ok(())
    }

    fn container(&mut self, container: &Node) -> Result<(), ManifestError> {
        self.visit()?;
        if !matches!(container, Node::Null | Node::Mapping(_)) {
            return Err(ManifestError::Shape("a container"));
        }
        for image in container.values("image") {
            match image {
                Node::Null => {}
                Node::Scalar(image) if image.is_empty() => {}
                Node::Scalar(image) => self.images.push(image.clone()),
                _ => return Err(ManifestError::Shape("an image")),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pods_and_what_makes_them() {
        for (manifest, expected) in [
            (
                "kind: Pod\nspec:\n  containers:\n  - {name: a, image: one}\n  - image: two\n  initContainers: [{image: zero}]",
                &["zero", "one", "two"][..],
            ),
            (
                "spec:\n  template:\n    spec:\n      containers:\n      - image: 'one:1'\n---\n---\nspec: {containers: [{image: two}]}\n",
                &["one:1", "two"],
            ),
            ("spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: one}]}}}}}", &["one"]),
            (
                "{\"kind\":\"List\",\"items\":[{\"spec\":{\"containers\":[{\"image\":\"one\"}]}},{\"kind\":\"PodList\",\"items\":[{\"spec\":{\"containers\":[{\"image\":\"two\"}]}}]}]}",
                &["one", "two"],
            ),
            ("spec: {ephemeralContainers: [{Image: one}], containers: ~}", &["one"]),
            ("kind: ConfigMap\ndata: {image: no}\nitems: [{spec: {containers: [{image: no}]}}]", &[]),
            ("spec: {template: text, containers: [{name: a}, {image: ''}, {image: 7}]}", &["7"]),
            ("x: &c {image: one}\nspec: {containers: [*c, {<<: *c, name: b}]}", &["one", "one"]),
        ] {
            assert_eq!(images(manifest).unwrap(), expected, "{manifest}");
        }
    }

    #[test]
    fn what_is_not_understood() {
        for manifest in
            ["spec: {containers: x}", "spec: {containers: [x]}", "spec: {containers: [{image: [x]}]}", "[1]", "x", "a: [", "a: 1\na: 2"]
        {
            assert!(images(manifest).is_err(), "{manifest}");
        }
        let mut bomb = "a0: &a0 {kind: List, items: [{spec: {containers: [{image: x}]}}]}\n".to_owned();
        for level in 1..15 {
            bomb.push_str(&format!("a{level}: &a{level} {{kind: List, items: [{}]}}\n", vec![format!("*a{}", level - 1); 9].join(",")));
        }
        bomb.push_str("kind: List\nitems: [*a14]\n");
        assert_eq!(images(&bomb), Err(ManifestError::TooMany));
    }

    proptest! {
        #[test]
        fn any_text_is_a_manifest_or_an_error(text in "(spec|containers|image|kind|List|items|: |- |\n|  |\\{|\\}|\\[|\\]|,|a){0,60}") {
            let _ = images(&text);
        }
    }
}
