//! The tree that the parser builds: nodes in one list, tied by their places in it.
//!
//! Attributes and text are kept as the parser hands them over, without a copy; comments keep their place and lose
//! their text, which nothing reads.

use std::borrow::Cow;
use std::cell::{Ref, RefCell};

use html5ever::tendril::StrTendril;
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::{Attribute, QualName};

/// The place of no node.
const NONE: u32 = u32::MAX;

/// A parsed page.
pub(super) struct Dom {
    nodes: Vec<Node>,
    /// The name of what is no element; the parser never asks for it.
    nameless: QualName,
}

/// An element's name and attributes.
pub(super) struct Element {
    name: QualName,
    /// Unprefixed names first.
    pub(super) attrs: Vec<Attribute>,
}

impl Element {
    /// The name, in lower case, without a prefix.
    pub(super) fn name(&self) -> &str {
        &self.name.local
    }
}

/// What a node is.
pub(super) enum Data {
    /// The root of the page or of a template's content.
    Root,
    Text(StrTendril),
    Element(Element),
    /// A comment or a document type.
    Other,
}

struct Node {
    parent: u32,
    first: u32,
    last: u32,
    before: u32,
    next: u32,
    data: Data,
}

/// A step of the way around the tree.
pub(super) enum Edge<'a> {
    Open(&'a Data),
    Close,
}

impl Dom {
    fn new() -> Self {
        let nameless = QualName::new(None, html5ever::ns!(), html5ever::local_name!(""));
        let mut dom = Self { nodes: Vec::with_capacity(1024), nameless };
        dom.add(Data::Root);
        dom
    }

    /// Nodes made so far, those that are in the tree no more included.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the way along the last children is longer than so many nodes.
    pub(super) fn deeper_than(&self, levels: usize) -> bool {
        let mut at = 0;
        for _ in 0..=levels {
            at = self.link(at, |node| node.last);
            if at == NONE {
                return false;
            }
        }
        true
    }

    /// All nodes in document order, each opened before what it holds and closed behind it.
    pub(super) fn traverse(&self) -> impl Iterator<Item = Edge<'_>> {
        let (mut at, mut closing) = (0, false);
        std::iter::from_fn(move || {
            let node = self.nodes.get(at as usize)?;
            if !closing {
                closing = node.first == NONE;
                at = if closing { at } else { node.first };
                return Some(Edge::Open(&node.data));
            }
            closing = node.next == NONE;
            at = if closing { node.parent } else { node.next };
            Some(Edge::Close)
        })
    }

    fn add(&mut self, data: Data) -> u32 {
        let at = self.nodes.len() as u32;
        self.nodes.push(Node { parent: NONE, first: NONE, last: NONE, before: NONE, next: NONE, data });
        at
    }

    fn link(&self, at: u32, which: impl Fn(&Node) -> u32) -> u32 {
        self.nodes.get(at as usize).map_or(NONE, which)
    }

    fn set(&mut self, at: u32, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(at as usize) {
            change(node);
        }
    }

    fn detach(&mut self, at: u32) {
        let Some(node) = self.nodes.get_mut(at as usize) else { return };
        let (parent, before, next) = (node.parent, node.before, node.next);
        (node.parent, node.before, node.next) = (NONE, NONE, NONE);
        if parent == NONE {
            return;
        }
        match before {
            NONE => self.set(parent, |parent| parent.first = next),
            _ => self.set(before, |before| before.next = next),
        }
        match next {
            NONE => self.set(parent, |parent| parent.last = before),
            _ => self.set(next, |next| next.before = before),
        }
    }

    fn append(&mut self, parent: u32, child: u32) {
        self.detach(child);
        let last = self.link(parent, |node| node.last);
        self.set(child, |node| (node.parent, node.before) = (parent, last));
        match last {
            NONE => self.set(parent, |node| node.first = child),
            _ => self.set(last, |node| node.next = child),
        }
        self.set(parent, |node| node.last = child);
    }

    fn insert_before(&mut self, sibling: u32, child: u32) {
        self.detach(child);
        let (parent, before) =
            self.nodes.get(sibling as usize).map_or((NONE, NONE), |node| (node.parent, node.before));
        self.set(child, |node| (node.parent, node.before, node.next) = (parent, before, sibling));
        self.set(sibling, |node| node.before = child);
        match before {
            NONE => self.set(parent, |node| node.first = child),
            _ => self.set(before, |node| node.next = child),
        }
    }

    /// Goes on with a text node, if it is one.
    fn extended(&mut self, at: u32, text: &StrTendril) -> bool {
        match self.nodes.get_mut(at as usize).map(|node| &mut node.data) {
            Some(Data::Text(known)) => {
                known.push_tendril(text);
                true
            }
            _ => false,
        }
    }
}

/// Builds a [`Dom`] as the parser says.
pub(super) struct Sink(RefCell<Dom>);

impl Sink {
    pub(super) fn new() -> Self {
        Self(RefCell::new(Dom::new()))
    }

    /// The tree so far.
    pub(super) fn dom(&self) -> Ref<'_, Dom> {
        self.0.borrow()
    }
}

impl TreeSink for Sink {
    type Handle = u32;
    type Output = Dom;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Dom {
        self.0.into_inner()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> u32 {
        0
    }

    fn elem_name<'a>(&'a self, target: &'a u32) -> Ref<'a, QualName> {
        Ref::map(self.0.borrow(), |dom| match dom.nodes.get(*target as usize).map(|node| &node.data) {
            Some(Data::Element(element)) => &element.name,
            _ => &dom.nameless,
        })
    }

    fn create_element(&self, name: QualName, mut attrs: Vec<Attribute>, flags: ElementFlags) -> u32 {
        if attrs.iter().any(|attr| attr.name.prefix.is_some()) {
            attrs.sort_by(|a, b| a.name.cmp(&b.name));
        }
        let mut dom = self.0.borrow_mut();
        let element = dom.add(Data::Element(Element { name, attrs }));
        if flags.template {
            let content = dom.add(Data::Root);
            dom.append(element, content);
        }
        element
    }

    fn create_comment(&self, _: StrTendril) -> u32 {
        self.0.borrow_mut().add(Data::Other)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> u32 {
        self.0.borrow_mut().add(Data::Other)
    }

    fn append(&self, parent: &u32, child: NodeOrText<u32>) {
        let mut dom = self.0.borrow_mut();
        match child {
            NodeOrText::AppendNode(child) => dom.append(*parent, child),
            NodeOrText::AppendText(text) => {
                let last = dom.link(*parent, |node| node.last);
                if !dom.extended(last, &text) {
                    let child = dom.add(Data::Text(text));
                    dom.append(*parent, child);
                }
            }
        }
    }

    fn append_before_sibling(&self, sibling: &u32, child: NodeOrText<u32>) {
        let mut dom = self.0.borrow_mut();
        if let NodeOrText::AppendNode(child) = child {
            dom.detach(child);
        }
        if dom.link(*sibling, |node| node.parent) == NONE {
            return;
        }
        match child {
            NodeOrText::AppendNode(child) => dom.insert_before(*sibling, child),
            NodeOrText::AppendText(text) => {
                let before = dom.link(*sibling, |node| node.before);
                if !dom.extended(before, &text) {
                    let child = dom.add(Data::Text(text));
                    dom.insert_before(*sibling, child);
                }
            }
        }
    }

    fn append_based_on_parent_node(&self, element: &u32, before: &u32, child: NodeOrText<u32>) {
        if self.dom().link(*element, |node| node.parent) == NONE {
            self.append(before, child);
        } else {
            self.append_before_sibling(element, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {
        let mut dom = self.0.borrow_mut();
        let doctype = dom.add(Data::Other);
        dom.append(0, doctype);
    }

    fn get_template_contents(&self, target: &u32) -> u32 {
        self.dom().link(*target, |node| node.first)
    }

    fn same_node(&self, one: &u32, other: &u32) -> bool {
        one == other
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn add_attrs_if_missing(&self, target: &u32, attrs: Vec<Attribute>) {
        let mut dom = self.0.borrow_mut();
        if let Some(Data::Element(element)) = dom.nodes.get_mut(*target as usize).map(|node| &mut node.data) {
            for attr in attrs {
                if element.attrs.iter().all(|known| known.name != attr.name) {
                    element.attrs.push(attr);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &u32) {
        self.0.borrow_mut().detach(*target);
    }

    fn reparent_children(&self, node: &u32, parent: &u32) {
        let mut dom = self.0.borrow_mut();
        loop {
            let child = dom.link(*node, |node| node.first);
            if child == NONE {
                return;
            }
            dom.append(*parent, child);
        }
    }
}
