//! Steps as scheduling sees them: how long, whose hands, and what must be done before.

use std::cmp::Reverse;

/// A step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    /// The crew that does it, as its place in [`Graph::crews`]. None takes nobody's hands.
    pub crew: Option<usize>,
    /// The steps that must be done before, each once.
    pub needs: Vec<usize>,
    /// Its shortest, likely and longest time in seconds. Only what takes nobody's hands may take no time.
    pub low: i64,
    pub likely: i64,
    pub high: i64,
}

/// A step that is what all others are for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    pub node: usize,
    /// The greater, the more urgent.
    pub urgency: u8,
    /// By when it should be reached, in seconds.
    pub due: Option<i64>,
}

/// Steps without circles.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    pub nodes: Vec<Node>,
    /// How many steps each crew can do at once; at least one.
    pub crews: Vec<u32>,
    /// The steps that need each step.
    pub followers: Vec<Vec<usize>>,
    /// Every step after all that it needs.
    pub order: Vec<usize>,
}

/// No due time.
const NEVER: i64 = i64::MAX / 4;

impl Graph {
    /// Puts steps in an order in which each comes after what it needs. A need that closes a circle is left out: there is
    /// none in what a plan gives, and a circle must not hang the way back.
    pub fn new(mut nodes: Vec<Node>, crews: Vec<u32>) -> Graph {
        let count = nodes.len();
        let mut followers = vec![Vec::new(); count];
        let mut open: Vec<usize> = vec![0; count];
        for (number, node) in nodes.iter_mut().enumerate() {
            node.needs.retain(|need| *need < count && *need != number);
            node.needs.sort_unstable();
            node.needs.dedup();
            if let Some(open) = open.get_mut(number) {
                *open = node.needs.len();
            }
            for need in &node.needs {
                if let Some(list) = followers.get_mut(*need) {
                    list.push(number);
                }
            }
        }
        let mut order: Vec<usize> = (0..count).filter(|number| open.get(*number) == Some(&0)).collect();
        let mut next = 0;
        while let Some(number) = order.get(next).copied() {
            next += 1;
            for follower in followers.get(number).into_iter().flatten() {
                if let Some(open) = open.get_mut(*follower) {
                    *open -= 1;
                    if *open == 0 {
                        order.push(*follower);
                    }
                }
            }
        }
        let graph = Graph { nodes, crews, followers, order };
        if graph.order.len() == count { graph } else { graph.without_circles() }
    }

    fn without_circles(mut self) -> Graph {
        let mut placed = vec![false; self.nodes.len()];
        for number in &self.order {
            if let Some(placed) = placed.get_mut(*number) {
                *placed = true;
            }
        }
        for (number, node) in self.nodes.iter_mut().enumerate() {
            if placed.get(number) == Some(&false) {
                node.needs.retain(|need| *need < number || placed.get(*need) == Some(&true));
            }
        }
        Graph::new(self.nodes, self.crews)
    }

    /// The likely times.
    pub fn likely(&self) -> Vec<i64> {
        self.nodes.iter().map(|node| node.likely).collect()
    }

    /// In which order steps are preferred where hands are short: those that the worst impact hangs on first, then those
    /// that would be late soonest, then those with the most still to come after them. The rank of each step, 0 first.
    pub fn ranks(&self, seconds: &[i64], goals: &[Goal]) -> Vec<u32> {
        let count = self.nodes.len();
        let mut urgency = vec![0_u8; count];
        let mut latest_end = vec![NEVER; count];
        for goal in goals {
            if let (Some(urgency), Some(latest)) = (urgency.get_mut(goal.node), latest_end.get_mut(goal.node))
            {
                *urgency = (*urgency).max(goal.urgency);
                *latest = (*latest).min(goal.due.unwrap_or(NEVER));
            }
        }
        let mut keys = vec![(Reverse(0_u8), NEVER, Reverse(0_i64), 0_usize); count];
        for number in self.order.iter().rev().copied() {
            let after = self.followers.get(number).map(Vec::as_slice).unwrap_or_default();
            let mut key = (
                urgency.get(number).copied().unwrap_or_default(),
                latest_end.get(number).copied().unwrap_or(NEVER),
                0,
            );
            for (Reverse(urgency), latest_start, Reverse(tail), _) in
                after.iter().filter_map(|f| keys.get(*f))
            {
                key = (key.0.max(*urgency), key.1.min(*latest_start), key.2.max(*tail));
            }
            let own = seconds.get(number).copied().unwrap_or_default();
            if let Some(slot) = keys.get_mut(number) {
                *slot = (Reverse(key.0), key.1 - own, Reverse(key.2 + own), number);
            }
        }
        keys.sort_unstable();
        let mut ranks = vec![0; count];
        for (rank, (.., number)) in (0..).zip(keys) {
            if let Some(slot) = ranks.get_mut(number) {
                *slot = rank;
            }
        }
        ranks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_broken_rather_than_followed() {
        let node = |needs: &[usize]| Node { needs: needs.to_vec(), likely: 1, ..Node::default() };
        let graph = Graph::new(vec![node(&[2]), node(&[0]), node(&[1]), node(&[2, 2, 9])], Vec::new());
        assert_eq!(graph.order.len(), 4);
        assert_eq!(graph.nodes[3].needs, [2]);
    }
}
