//! Distribution of printers among nodes: even, and with as few moves as possible.

use std::collections::BTreeMap;

/// The printers that a node should take and give up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Share {
    /// Free printers to take.
    pub take: Vec<String>,
    /// Own printers to give up, when their open attempts have ended.
    pub give: Vec<String>,
}

/// Decides for the node `own`. `nodes` are all nodes with a lease, `printers` all printers with their owners. A printer whose
/// owner is not in `nodes` is free.
///
/// A node takes printers up to its even share, rounded up. It gives up printers beyond that, or beyond the share rounded down
/// while another node has less than that. Nodes that decide one after the other therefore reach a stable state.
pub fn share(own: &str, nodes: &[String], printers: &BTreeMap<String, Option<String>>) -> Share {
    let most = printers.len().div_ceil(nodes.len().max(1));
    let least = printers.len() / nodes.len().max(1);
    let of = |node: &str| printers.values().filter(|owner| owner.as_deref() == Some(node)).count();
    let has = of(own);
    let is_free = |owner: &Option<String>| owner.as_ref().is_none_or(|owner| !nodes.contains(owner));
    let free = printers.iter().filter(|(_, owner)| is_free(owner)).map(|(name, _)| name.clone());
    let take: Vec<String> = free.take(most.saturating_sub(has)).collect();
    let another_lacks = nodes.iter().any(|node| node != own && of(node) < least);
    let surplus = has.saturating_sub(if another_lacks { least } else { most });
    let mine = printers.iter().filter(|(_, owner)| owner.as_deref() == Some(own)).map(|(name, _)| name.clone());
    // The last printers by name, so that each round gives up the same ones until they are free.
    let mine: Vec<String> = mine.collect();
    let give = mine[mine.len() - surplus.min(mine.len())..].to_vec();
    Share { take, give }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settle(printers: &mut BTreeMap<String, Option<String>>, nodes: &[String]) -> usize {
        let mut moves = 0;
        for _ in 0..50 {
            let before = printers.clone();
            for node in nodes {
                let share = share(node, nodes, printers);
                for name in share.give {
                    printers.insert(name, None);
                    moves += 1;
                }
                for name in share.take {
                    printers.insert(name, Some(node.clone()));
                }
            }
            if *printers == before {
                return moves;
            }
        }
        panic!("it never comes to rest: {printers:?}")
    }

    proptest! {
        #[test]
        fn nodes_that_decide_in_turn_come_to_rest_with_even_shares_and_every_printer_owned(
            owners in prop::collection::vec(0_usize..5, 0..40), living in 1_usize..4,
        ) {
            let name = |n: usize| format!("node-{n}");
            let nodes: Vec<String> = (0..living).map(name).collect();
            let mut printers: BTreeMap<String, Option<String>> =
                owners.iter().enumerate().map(|(at, owner)| (format!("p{at:02}"), (*owner > 0).then(|| name(owner - 1)))).collect();
            settle(&mut printers, &nodes);

            let counts: Vec<usize> = nodes
                .iter()
                .map(|node| printers.values().filter(|owner| owner.as_ref() == Some(node)).count())
                .collect();
            prop_assert_eq!(counts.iter().sum::<usize>(), printers.len());
            prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{:?}", counts);
        }
    }

    #[test]
    fn a_printer_stays_where_it_is_while_that_is_fair() {
        let nodes = ["a".to_owned(), "b".to_owned()];
        let mut printers: BTreeMap<String, Option<String>> =
            [("p1", "a"), ("p2", "b"), ("p3", "a")].map(|(p, n)| (p.to_owned(), Some(n.to_owned()))).into();
        let before = printers.clone();
        assert_eq!(settle(&mut printers, &nodes), 0);
        assert_eq!(printers, before);
    }
}
