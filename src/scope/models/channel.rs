//! Models of channels, with mutants that they must catch.

use loom::thread;

use super::*;
use crate::base::error::Error;
use crate::base::models::explore;

const FOREVER: Timeout = -1;

fn channel(capacity: usize) -> Arc<Channel> {
    Arc::new(Channel::new(capacity, 1, None).expect("there is memory"))
}

fn send(channel: &Channel, cancel: Option<&Cancel>, item: u8) -> Result<(), Failed> {
    channel.send(cancel, &raw const item, FOREVER)
}

fn receive(channel: &Channel, cancel: Option<&Cancel>) -> Result<u8, Failed> {
    let mut item = 0;
    channel
        .receive(cancel, &raw mut item, FOREVER)
        .map(|()| item)
}

#[test]
fn q1_items_come_out_in_order() {
    for capacity in [0, 1] {
        loom::model(move || {
            let to = channel(capacity);
            let from = to.clone();
            let sender = thread::spawn(move || [1, 2].map(|item| send(&to, None, item)));
            assert_eq!(receive(&from, None), Ok(1));
            assert_eq!(receive(&from, None), Ok(2));
            assert_eq!(sender.join().unwrap(), [Ok(()), Ok(())]);
        });
    }
}

/// A close meets a sender that may have to wait: the item is received, or still the sender's.
fn a_close_meets_a_sender(send_second: fn(&Channel) -> Result<(), Failed>) {
    loom::model(move || {
        let to = channel(1);
        let from = to.clone();
        assert_eq!(send(&to, None, 1), Ok(()));
        let sender = thread::spawn(move || send_second(&to));
        let closer = from.clone();
        let closer = thread::spawn(move || closer.close());
        assert_eq!(receive(&from, None), Ok(1));
        closer.join().unwrap();
        let sent = sender.join().unwrap();
        let second = receive(&from, None);
        assert!(matches!(
            (sent, second),
            (Ok(()), Ok(2)) | (Err(Failed::Closed), Err(Failed::Closed))
        ));
    });
}

#[test]
fn q3_a_close_refuses_or_comes_too_late() {
    a_close_meets_a_sender(|channel| send(channel, None, 2));
}

#[test]
#[ignore = "a mutant"]
fn q3_mutant_says_closed_after_it_was_served() {
    a_close_meets_a_sender(|channel| {
        let sent = send(channel, None, 2);
        if channel.state.lock().is_closed {
            Err(Failed::Closed)
        } else {
            sent
        }
    });
}

/// A close meets a receiver that waits, or is about to.
fn a_close_meets_a_receiver(close: fn(&Channel)) {
    loom::model(move || {
        let from = channel(1);
        let closed = from.clone();
        let receiver = thread::spawn(move || receive(&from, None));
        close(&closed);
        assert_eq!(receiver.join().unwrap(), Err(Failed::Closed));
    });
}

#[test]
fn q3_a_close_ends_who_waits() {
    a_close_meets_a_receiver(Channel::close);
}

#[test]
#[ignore = "a mutant"]
fn q3_mutant_refuses_who_waits_before_it_is_closed() {
    a_close_meets_a_receiver(|channel| {
        let waiting = channel.whole().state.receivers.take();
        waiting.iter().for_each(|party| party.decide(End::Refused));
        waiting.iter().for_each(|party| party.ring());
        channel.whole().state.is_closed = true;
    });
}

/// A cancellation meets a hand-over.
fn a_cancellation_meets_a_hand_over(receive: fn(&Channel, &Cancel) -> Result<u8, Failed>) {
    explore(3, move || {
        let to = channel(0);
        let from = to.clone();
        let cancel = Cancel::root(None);
        let canceller = cancel.clone();
        let receiver = thread::spawn(move || receive(&from, &cancel));
        let canceller = thread::spawn(move || canceller.trigger(Error::new(1, "because")));
        let item = 7_u8;
        // What is tried: whoever is cancelled does not come back for it.
        let sent = to.send(None, &raw const item, 0);
        canceller.join().unwrap();
        let received = receiver.join().unwrap();
        assert_eq!(
            sent.is_ok(),
            received == Ok(7),
            "nothing is lost or doubled"
        );
    });
}

#[test]
fn q3_a_cancelled_receiver_has_the_item_or_does_not() {
    a_cancellation_meets_a_hand_over(|channel, cancel| receive(channel, Some(cancel)));
}

#[test]
#[ignore = "a mutant"]
fn mutant_says_cancelled_after_it_was_served() {
    a_cancellation_meets_a_hand_over(|channel, cancel| {
        let received = receive(channel, Some(cancel));
        if cancel.cancelled() {
            Err(Failed::Cancelled)
        } else {
            received
        }
    });
}

/// A cancellation meets one who comes for what a sender has.
fn a_sender_is_cancelled(send: fn(&Channel, &Cancel) -> Result<(), Failed>) {
    explore(3, move || {
        let to = channel(0);
        let cancel = Cancel::root(None);
        let canceller = cancel.clone();
        let sender = to.clone();
        let sender = thread::spawn(move || send(&sender, &cancel));
        canceller.trigger(Error::new(1, "because"));
        let mut item = 0;
        let received = to.receive(None, &raw mut item, 0);
        assert_eq!(sender.join().unwrap().is_ok(), received.is_ok());
        assert_eq!(to.receive(None, &raw mut item, 0), Err(Failed::TimedOut));
    });
}

#[test]
fn q2_a_cancelled_sender_leaves_its_place() {
    a_sender_is_cancelled(|channel, cancel| send(channel, Some(cancel), 1));
}

#[test]
#[ignore = "a mutant"]
fn q2_mutant_stays_in_its_place() {
    static ITEM: u8 = 1;
    a_sender_is_cancelled(|channel, cancel| {
        if cancel.cancelled() {
            return Err(Failed::Cancelled);
        }
        let mut whole = channel.whole();
        let party = whole.state.senders.join((&raw const ITEM).cast_mut());
        drop(whole);
        let alert = Alert::on(cancel, party.waiter());
        party.waiter().wait(None);
        drop(alert);
        party.ended().map(|_| ()).ok_or(Failed::Cancelled)
    });
}

/// A receiver that waits, or is about to, meets one who sends.
fn a_receiver_meets_a_sender(send: fn(&Channel, u8)) {
    a_sender_meets(send, |channel| receive(channel, None));
}

fn a_sender_meets(send: fn(&Channel, u8), receive: fn(&Channel) -> Result<u8, Failed>) {
    loom::model(move || {
        let to = channel(1);
        let from = to.clone();
        let receiver = thread::spawn(move || receive(&from));
        send(&to, 7);
        assert_eq!(receiver.join().unwrap(), Ok(7));
    });
}

#[test]
fn q4_who_waits_is_served() {
    a_receiver_meets_a_sender(|channel, item| assert_eq!(send(channel, None, item), Ok(())));
}

#[test]
#[ignore = "a mutant"]
fn q4_mutant_asks_before_it_is_at_the_end() {
    a_receiver_meets_a_sender(|channel, item| {
        if channel.is_attended() {
            assert_eq!(send(channel, None, item), Ok(()));
        } else {
            // SAFETY: there is room, for nobody has sent anything.
            unsafe { channel.ring.send().push(&raw const item) };
        }
    });
}

#[test]
#[ignore = "a mutant"]
fn q4_mutant_waits_without_looking_with_all_of_it() {
    let receive_or_wait = |channel: &Channel| {
        let mut item = 0;
        let tried = channel.try_receive(None, &raw mut item);
        let wait = |item| channel.wait(channel.whole(), Side::Receiving, None, item, FOREVER);
        tried.unwrap_or_else(|| wait(&raw mut item)).map(|()| item)
    };
    a_sender_meets(
        |channel, item| assert_eq!(send(channel, None, item), Ok(())),
        receive_or_wait,
    );
}

/// A sender that waits for room, or is about to, meets one who receives.
fn a_sender_meets_a_receiver(receive_first: fn(&Channel) -> u8) {
    loom::model(move || {
        let to = channel(1);
        let from = to.clone();
        assert_eq!(send(&to, None, 1), Ok(()));
        let sender = thread::spawn(move || send(&to, None, 2));
        assert_eq!(receive_first(&from), 1);
        assert_eq!(receive(&from, None), Ok(2));
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn q4_who_waits_for_room_is_served() {
    a_sender_meets_a_receiver(|channel| receive(channel, None).unwrap());
}

#[test]
#[ignore = "a mutant"]
fn q4_mutant_receives_without_asking() {
    a_sender_meets_a_receiver(|channel| {
        let mut item = 0;
        // SAFETY: there is an item.
        unsafe { channel.ring.receive().pop(&raw mut item) };
        item
    });
}
