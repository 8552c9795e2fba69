//! What diagrams promise: they say of every packet what their parts say, and equal functions are one diagram.
#![cfg(test)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use ruleset::{Diagram, Field, Leaf, Packet, Range, Space, State, TooLarge, Way};

const FIELDS: [Field; 6] = [
    Field::State,
    Field::Source,
    Field::Destination,
    Field::Protocol,
    Field::DestinationPort,
    Field::Unknown(3),
];

/// Where ranges begin and end: few values, so that they meet, and the ends of what there is.
const VALUES: [u128; 9] = [0, 1, 2, 3, 4, 5, 6, 255, u128::MAX];

/// Boxes over some fields, each with a leaf, and the leaf elsewhere.
type Boxes = (Vec<Field>, Vec<(Vec<Range>, Leaf)>, Leaf);

fn range() -> impl Strategy<Value = Range> {
    (select(&VALUES), select(&VALUES)).prop_map(|(a, b)| Range { first: a.min(b), last: a.max(b) })
}

fn some_boxes() -> impl Strategy<Value = Boxes> {
    let fields = vec(select(&FIELDS), 1..4);
    (fields, vec((vec(range(), 3), 0u32..4), 0..6), 0u32..4).prop_map(|(fields, mut boxes, elsewhere)| {
        boxes.iter_mut().for_each(|(ranges, _)| ranges.truncate(fields.len()));
        (fields, boxes, elsewhere)
    })
}

/// Several of them one over another: where one comes to leaf 0, the next is asked.
fn layers() -> impl Strategy<Value = Vec<Boxes>> {
    vec(some_boxes(), 1..4)
}

fn some_packet() -> impl Strategy<Value = Packet> {
    vec(select(&VALUES), FIELDS.len()).prop_map(|values| {
        let valued = FIELDS.into_iter().zip(values);
        Packet(valued.map(|(field, value)| (field, value.min(field.whole().last))).collect())
    })
}

fn packets() -> impl Strategy<Value = Vec<Packet>> {
    vec(some_packet(), 60)
}

fn built(space: &mut Space, layers: &[Boxes]) -> Diagram {
    let mut diagrams = Vec::new();
    for (fields, boxes, elsewhere) in layers {
        let boxes: Vec<(&[Range], Leaf)> =
            boxes.iter().map(|(ranges, leaf)| (ranges.as_slice(), *leaf)).collect();
        diagrams.push(space.boxes(fields, &boxes, *elsewhere).unwrap());
    }
    space.in_turn(&diagrams, 0).unwrap()
}

fn said(layers: &[Boxes], packet: &Packet) -> Leaf {
    let one = |(fields, boxes, elsewhere): &Boxes| {
        let within = |ranges: &[Range]| {
            fields.iter().zip(ranges).all(|(field, range)| range.contains(packet.get(*field)))
        };
        boxes.iter().find(|(ranges, _)| within(ranges)).map_or(*elsewhere, |(_, leaf)| *leaf)
    };
    layers.iter().map(one).find(|leaf| *leaf != 0).unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn boxes_come_to_the_leaf_of_the_first_that_has_the_packet(layers in layers(), packets in packets()) {
        let mut space = Space::new(1 << 20);
        let diagram = built(&mut space, &layers);
        for packet in packets {
            prop_assert_eq!(space.leaf_of(diagram, &packet), said(&layers, &packet));
        }
    }

    #[test]
    fn operations_are_done_packet_by_packet(a in layers(), b in layers(), table in vec(0u32..4, 16), packets in packets()) {
        let mut space = Space::new(1 << 20);
        let of = |x: Leaf, y: Leaf| table[(x * 4 + y) as usize];
        let (first, second) = (built(&mut space, &a), built(&mut space, &b));
        let both = space.apply(first, second, of).unwrap();
        let itself = space.apply(first, first, of).unwrap();
        let replaced = space.replace(first, 2, second).unwrap();
        for packet in packets {
            let (x, y) = (said(&a, &packet), said(&b, &packet));
            prop_assert_eq!(space.leaf_of(both, &packet), of(x, y));
            prop_assert_eq!(space.leaf_of(itself, &packet), of(x, x));
            prop_assert_eq!(space.leaf_of(replaced, &packet), if x == 2 { y } else { x });
        }
    }

    #[test]
    fn a_diagram_for_each_leaf_may_ask_for_any_field(which in layers(), of in vec(layers(), 4), packets in packets()) {
        let mut space = Space::new(1 << 20);
        let index = built(&mut space, &which);
        let parts: Vec<Diagram> = of.iter().map(|layers| built(&mut space, layers)).collect();
        let whole = space.substitute(index, |leaf| parts[leaf as usize]).unwrap();
        for packet in packets {
            let part = &of[said(&which, &packet) as usize];
            prop_assert_eq!(space.leaf_of(whole, &packet), said(part, &packet));
        }
    }

    #[test]
    fn a_field_may_be_given_its_value(layers in layers(), field in select(&FIELDS), value in select(&VALUES), packets in packets()) {
        let mut space = Space::new(1 << 20);
        let value = value.min(field.whole().last);
        let diagram = built(&mut space, &layers);
        let fixed = space.fix(diagram, field, value).unwrap();
        for packet in packets {
            prop_assert_eq!(space.leaf_of(fixed, &packet), said(&layers, &packet.with(field, value)));
        }
    }

    #[test]
    fn fields_may_be_forgotten(layers in layers(), packets in packets()) {
        let mut space = Space::new(1 << 20);
        let forgotten = [Field::State, Field::Unknown(3)];
        let diagram = built(&mut space, &layers);
        let highest = space.forget(diagram, |field| forgotten.contains(&field), Leaf::max).unwrap();
        for packet in packets {
            let states = (0..5).map(|state| packet.clone().with(Field::State, state));
            let all = states.flat_map(|packet| [0, 1].map(|holds| packet.clone().with(Field::Unknown(3), holds)));
            let wanted = all.map(|packet| said(&layers, &packet)).max().unwrap();
            prop_assert_eq!(space.leaf_of(highest, &packet), wanted);
        }
    }

    /// However a function is put together, it is the same diagram.
    #[test]
    fn equal_functions_are_one_diagram((fields, boxes, elsewhere) in some_boxes()) {
        let mut space = Space::new(1 << 20);
        let at_once = built(&mut space, &[(fields.clone(), boxes.clone(), elsewhere)]);
        let mut one_by_one = Diagram::leaf(elsewhere);
        for (ranges, leaf) in boxes.iter().rev() {
            let mut inside = Diagram::YES;
            for (field, range) in fields.iter().zip(ranges) {
                let part = space.within(*field, *range).unwrap();
                inside = space.apply(inside, part, |a, b| a & b).unwrap();
            }
            one_by_one = space.apply(inside, one_by_one, |inside, rest| if inside == 1 { *leaf } else { rest }).unwrap();
        }
        prop_assert_eq!(at_once, one_by_one);
    }

    /// All regions of a leaf are what there is of it, without overlap; and a witness is one of its packets.
    #[test]
    fn regions_are_all_there_is_of_a_leaf(layers in layers(), packets in packets()) {
        let mut space = Space::new(1 << 20);
        let diagram = built(&mut space, &layers);
        let regions = space.regions(diagram, |leaf| leaf == 1, 1 << 16);
        for packet in packets {
            let having = regions.iter().filter(|region| region.ranges.iter().all(|(field, range)| range.contains(packet.get(*field))));
            prop_assert_eq!(having.count(), usize::from(said(&layers, &packet) == 1));
        }
        let witness = space.witness(diagram, |leaf| leaf == 1);
        prop_assert_eq!(witness.as_ref(), regions.first());
        if let Some(witness) = witness {
            prop_assert_eq!(said(&layers, &witness.packet()), 1);
        }
    }
}

/// A map of many zones, each with a diagram that asks for an earlier field with many values: the sweep would take too
/// long, and halves are laid over one another.
#[test]
fn many_cases_that_ask_for_an_earlier_field_with_many_values() {
    let mut space = Space::new(1 << 24);
    const MANY: u128 = 2100;
    let mut cases = Vec::new();
    for zone in 0..MANY {
        let own = Range { first: zone * 4, last: zone * 4 + 1 };
        let own = space.within(Field::Source, own).unwrap();
        cases.push((Range { first: zone * 10, last: zone * 10 + 7 }, own));
    }
    let whole = space.select(Field::Destination, &cases, Diagram::leaf(2)).unwrap();
    let packet = |source, destination| {
        Packet::default().with(Field::Source, source).with(Field::Destination, destination)
    };
    for zone in [0, 1, 700, MANY - 1] {
        assert_eq!(space.leaf_of(whole, &packet(zone * 4 + 1, zone * 10 + 7)), 1);
        assert_eq!(space.leaf_of(whole, &packet(zone * 4 + 2, zone * 10 + 7)), 0);
        assert_eq!(space.leaf_of(whole, &packet(zone * 4 + 1, zone * 10 + 8)), 2);
    }
}

/// Sixty thousand addresses are built in one go, also where they are listed backwards.
#[test]
fn large_sets_are_built_in_one_go() {
    let mut space = Space::new(1 << 20);
    let addresses: Vec<[Range; 1]> = (0..60_000).rev().map(|host| [Range::one(host * 2)]).collect();
    let boxes: Vec<(&[Range], Leaf)> = addresses.iter().map(|range| (range.as_slice(), 1)).collect();
    let set = space.boxes(&[Field::Source], &boxes, 0).unwrap();
    assert_eq!((space.nodes(), space.intervals()), (1, 120_000));
    let packet = |source| Packet::default().with(Field::Source, source);
    assert_eq!([0, 1, 119_998, 119_999].map(|source| space.leaf_of(set, &packet(source))), [1, 0, 1, 0]);
}

/// Rules that cross one another everywhere need more room than there is; that is said instead of taking it.
#[test]
fn what_does_not_fit_is_refused() {
    let mut space = Space::new(50_000);
    let mut diagrams = Vec::new();
    for rule in 0..400u128 {
        let mix = |salt: u128| (rule * 7919 + salt * 104_729) % 1009;
        let range = |salt| Range { first: mix(salt), last: mix(salt) + 500 };
        let fields = [Field::Source, Field::Destination, Field::DestinationPort];
        diagrams.push(
            space.boxes(&fields, &[(&[range(1), range(2), range(3)], 1 + rule as Leaf % 2)], 0).unwrap(),
        );
    }
    assert_eq!(space.in_turn(&diagrams, 0), Err(TooLarge::Intervals(50_000)));
    assert!(space.intervals() <= 50_000);
    // What is in it can still be used.
    assert_eq!(space.leaf_of(diagrams[0], &Packet::default()), 0);
}

/// No chain of unknowns is longer than functions can call themselves.
#[test]
fn a_thousand_unknowns_in_a_row_are_refused() {
    let mut space = Space::new(1 << 20);
    let unknowns: Vec<Diagram> =
        (0..1001).map(|at| space.within(Field::Unknown(at), Range::one(1)).unwrap()).collect();
    assert_eq!(space.in_turn(&unknowns, 0), Err(TooLarge::Unknowns));
    assert!(space.in_turn(&unknowns[..1000], 0).is_ok());
    // Two that are as long as may be and have nothing in common.
    let unknowns: Vec<Diagram> =
        (0..2000).map(|at| space.within(Field::Unknown(at), Range::one(1)).unwrap()).collect();
    let every_other = |first: usize| unknowns.iter().copied().skip(first).step_by(2).collect::<Vec<_>>();
    let (even, odd) = (every_other(0), every_other(1));
    let (even, odd) = (space.in_turn(&even, 0).unwrap(), space.in_turn(&odd, 0).unwrap());
    assert_eq!(space.replace(even, 0, odd), Err(TooLarge::Unknowns));
}

#[test]
fn packets_that_cannot_be_are_not_sensible() {
    let mut space = Space::new(1 << 16);
    let routed = space.sensible(Way::Routed, 3).unwrap();
    let bridged = space.sensible(Way::Bridged, 3).unwrap();
    let ways = |packet: &Packet| (space.leaf_of(routed, packet), space.leaf_of(bridged, packet));
    let tcp = Packet::default()
        .with(Field::Ethertype, 0x0800)
        .with(Field::Source, 0xc000_0201)
        .with(Field::Protocol, 6)
        .with(Field::DestinationPort, 502);
    assert_eq!(ways(&tcp), (1, 1));
    assert_eq!(ways(&tcp.clone().with(Field::TcpFlags, 2)), (1, 1));
    assert_eq!(ways(&tcp.clone().with(Field::Source, 1 << 32)), (0, 0), "IPv4 addresses have 32 bits");
    assert_eq!(ways(&tcp.clone().with(Field::Source, 1 << 32).with(Field::Ethertype, 0x86dd)), (1, 1));
    assert_eq!(ways(&tcp.clone().with(Field::Protocol, 17).with(Field::TcpFlags, 2)), (0, 0));
    assert_eq!(ways(&tcp.clone().with(Field::Protocol, 47)), (0, 0), "GRE has no ports");
    assert_eq!(ways(&tcp.clone().with(Field::Protocol, 1)), (0, 0), "a code of ICMP has 8 bits");
    assert_eq!(ways(&tcp.clone().with(Field::InterfaceIn, 3)), (1, 1));
    assert_eq!(ways(&tcp.clone().with(Field::InterfaceOut, 4)), (0, 0), "no such interface");
    assert_eq!(ways(&tcp.clone().with(Field::Vlan, 7)), (0, 1));
    let arp = Packet::default().with(Field::Ethertype, 0x0806).with(Field::State, State::Untracked.number());
    assert_eq!(ways(&arp), (0, 1));
    assert_eq!(ways(&arp.clone().with(Field::State, State::New.number())), (0, 0), "no connection is of ARP");
    assert_eq!(ways(&arp.clone().with(Field::Source, 1)), (0, 0));
}
