use super::*;

fn beat_of(time: &str, process: Option<&str>) -> Option<Duration> {
    beat(Some(time.into()), process.map(OsString::from))
}

#[test]
fn half_of_the_time_and_only_for_this_process() {
    let own = std::process::id().to_string();
    assert_eq!(beat_of("3000000", None), Some(Duration::from_millis(1500)));
    assert_eq!(beat_of("2", Some(&own)), Some(Duration::from_micros(1)));
    assert_eq!(beat_of("2", Some("1")), None);
    assert_eq!(beat_of("2", Some("nonsense")), None);
    assert_eq!(beat_of("nonsense", None), None);
    assert_eq!(beat_of("0", None), None);
    assert_eq!(beat(None, None), None);
}

/// One that is not there.
fn manager(beat: Option<Duration>) -> Manager {
    Manager::new("/nowhere/at/all".into(), beat)
}

fn news(manager: &Manager) -> Vec<News> {
    manager.told.lock().news.iter().copied().collect()
}

#[test]
fn each_is_told_once_and_in_order() {
    let manager = manager(None);
    manager.note_beat();
    assert!(!manager.begins_to_send());
    assert_eq!(manager.next(), None);
    for _ in 0..2 {
        manager.note_up();
        manager.note_stopping(None);
    }
    assert_eq!(news(&manager), [News::Up, News::Stopping(None)]);
    assert!(manager.begins_to_send());
}

#[test]
fn who_stops_is_not_up_any_more() {
    let manager = manager(None);
    manager.note_stopping(None);
    manager.note_up();
    assert_eq!(news(&manager), [News::Stopping(None)]);
}

#[test]
fn beats_that_nobody_sends_are_one() {
    let manager = manager(Some(Duration::ZERO));
    for _ in 0..3 {
        manager.note_beat();
        assert!(manager.next().is_some());
    }
    assert_eq!(news(&manager), [News::Beat]);
}

#[test]
fn what_cannot_be_sent_is_kept_and_tried_again() {
    let manager = manager(None);
    manager.note_up();
    assert!(manager.begins_to_send());
    manager.send();
    assert_eq!(news(&manager), [News::Up]);
    let retry = manager.next().expect("it is tried again");
    clock::pause(clock::until(retry));
    assert!(manager.begins_to_send());
    assert!(!manager.begins_to_send(), "somebody does already");
    manager.send();
    manager.note_stopping(None);
    assert!(manager.begins_to_send(), "what is new is tried at once");
    assert_eq!(news(&manager), [News::Up, News::Stopping(None)]);
}

/// What the listening thread does when a stack has moved.
fn step(manager: &Manager, is_moving: bool) {
    manager.note_step(is_moving);
    manager.note_longer();
}

#[test]
fn a_step_is_told_while_the_manager_waits_and_never_lost() {
    let manager = manager(None);
    for _ in 0..5 {
        step(&manager, true);
    }
    // The first one may be on its way.
    assert_eq!(news(&manager), [News::Longer, News::Longer]);
    manager.note_up();
    step(&manager, true);
    step(&manager, false);
    assert_eq!(
        news(&manager),
        [News::Longer, News::Longer, News::Up, News::Status]
    );
    manager.note_stopping(None);
    manager.told.lock().news.clear();
    step(&manager, true);
    assert_eq!(news(&manager), [News::Longer]);
}

#[test]
fn a_step_that_goes_on_is_told_again_while_the_manager_waits() {
    let manager = manager(None);
    let later = |manager: &Manager| {
        let mut told = manager.told.lock();
        told.news.clear();
        told.next_longer = told.next_longer.map(|at| at - LONGER_AGAIN);
        drop(told);
        manager.note_longer();
    };
    step(&manager, true);
    manager.note_longer();
    assert_eq!(news(&manager), [News::Longer], "it is not time yet");
    assert!(manager.next().is_some());
    for _ in 0..3 {
        later(&manager);
        assert_eq!(news(&manager), [News::Longer]);
    }
    manager.note_up();
    later(&manager);
    assert!(news(&manager).is_empty() && manager.next().is_none());
    manager.note_stopping(None);
    manager.note_longer();
    assert_eq!(
        news(&manager),
        [News::Stopping(None), News::Longer],
        "it waits again"
    );
    step(&manager, false);
    later(&manager);
    assert!(news(&manager).is_empty() && manager.next().is_none());
}
