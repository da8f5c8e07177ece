//! Every expression over four groups and two policies that is at most three deep, with a reading of its own: a truth table is 64
//! bits, one for each kind of user, and `|`, `&` and `!` are the processor's.

/// The groups as rules spell them, in each way there is, and the policies.
pub(crate) const ATOMS: [&str; 6] = ["\"group 000\"", "Group::Middle", "\"group 064\"", "LAST", "p", "q"];

/// Of whom an atom is true: bit `u` is user `u`, who has the atoms that are bits of `u`.
const TRUTHS: [u64; 6] = {
    let mut truths = [0; 6];
    let mut user = 0;
    while user < 64 {
        let mut atom = 0;
        while atom < 6 {
            truths[atom] |= ((user >> atom) & 1) << user;
            atom += 1;
        }
        user += 1;
    }
    truths
};

/// An expression with all that the tests need to know of it.
#[derive(Clone)]
pub(crate) struct Expression {
    /// As it stands in an attribute, with no parentheses but those it needs.
    pub(crate) text: String,
    /// Of whom it is true.
    pub(crate) truth: u64,
    /// What the outermost operator joins, written as a chain: `a | b | c` has three.
    operands: Vec<String>,
    operator: Option<char>,
    /// Whether some chain in it has the same operand twice.
    repeats: bool,
}

impl Expression {
    fn atom(text: &str, truth: u64) -> Self {
        Self { text: text.to_owned(), truth, operands: vec![text.to_owned()], operator: None, repeats: false }
    }

    /// Whether the macro refuses it in `allow`: it is true of everybody or of nobody, or says a thing twice.
    pub(crate) fn is_refused(&self) -> bool {
        self.truth == 0 || self.truth == u64::MAX || self.repeats
    }

    fn not(&self) -> Self {
        let text = if self.operator.is_some() { format!("!({})", self.text) } else { format!("!{}", self.text) };
        Self { repeats: self.repeats, ..Self::atom(&text, !self.truth) }
    }

    fn and(&self, other: &Self) -> Self {
        self.join('&', other, self.truth & other.truth)
    }

    fn or(&self, other: &Self) -> Self {
        self.join('|', other, self.truth | other.truth)
    }

    fn join(&self, operator: char, other: &Self, truth: u64) -> Self {
        let operands: Vec<_> = [self, other].into_iter().flat_map(|operand| operand.within(operator)).collect();
        let text = operands.join(&format!(" {operator} "));
        let twice = (1..operands.len()).any(|place| operands[..place].contains(&operands[place]));
        let repeats = self.repeats || other.repeats || twice;
        Self { text, truth, operands, operator: Some(operator), repeats }
    }

    /// What it brings into a chain: `&` binds tighter than `|`.
    fn within(&self, operator: char) -> Vec<String> {
        match self.operator {
            Some(own) if own == operator => self.operands.clone(),
            Some('|') => vec![format!("({})", self.text)],
            _ => vec![self.text.clone()],
        }
    }
}

/// All of them, up to the order of operands: the shallow ones first.
pub(crate) fn every_expression() -> Vec<Expression> {
    let mut all: Vec<_> = ATOMS.into_iter().zip(TRUTHS).map(|(text, truth)| Expression::atom(text, truth)).collect();
    let mut first_new = 0;
    for _ in 0..2 {
        let known = all.clone();
        for (place, one) in known.iter().enumerate() {
            if place >= first_new {
                all.push(one.not());
            }
            for other in &known[(place + 1).max(first_new)..] {
                all.extend([one.and(other), one.or(other)]);
            }
        }
        first_new = known.len();
    }
    all
}
