//! What backups and drills tell reaches the record, and what the record makes of it reaches the ledger.

use crate::{City, Effect, city::name_of, compromise};
use ::city::{Observation, Observed};
use jiff::Timestamp;
use plan::Plan;
use recover::Judgement;

impl City {
    /// Takes note of an act of recovery. It has the time of people, which is not that of the traffic: a backup made today
    /// must not make a replay of last year end today, and says nothing of when watching began. So the city's time stays
    /// as it is, and what the act leads to has the time of the act.
    pub(crate) fn recover(&mut self, observation: &Observation, effects: &mut Vec<Effect>) {
        let Some(plan) = self.plan.clone() else { return };
        self.counts.observations += 1;
        match &observation.fact {
            Observed::Backup(made) => effects.push(Effect::BackedUp(made.clone())),
            Observed::Drill(drill) => effects.push(Effect::Drilled(drill.clone())),
            _ => {}
        }
        let noisy = self.attend(&observation.fact, &plan);
        let mut judgement = Judgement::default();
        self.record.see(observation, &plan, &mut judgement);
        self.record.look(&plan, self.adopted.as_deref(), observation.time, &mut judgement);
        self.carry(judgement, observation.time, effects);
        // Where one backup turns to noise, the others from there are in doubt too; and no longer once it is right again.
        if let Observed::Backup(made) = &observation.fact
            && noisy != Some(self.record.is_noise(&made.backup))
        {
            self.heed();
        }
    }

    /// Lets the record know what was found where a backup is from, before a snapshot of it is judged. Returns whether it
    /// is noise before.
    fn attend(&mut self, fact: &Observed, plan: &Plan) -> Option<bool> {
        let Observed::Backup(made) = fact else { return None };
        let clues = compromise::clues(self.ledger.findings(), self.responses.all(), plan);
        self.record.heed_for(plan, &made.backup, &clues);
        Some(self.record.is_noise(&made.backup))
    }

    /// Looks at what is overdue.
    pub(crate) fn look_at_recovery(&mut self, time: Timestamp, effects: &mut Vec<Effect>) {
        let Some(plan) = self.plan.clone() else { return };
        let mut judgement = Judgement::default();
        self.record.look(&plan, self.adopted.as_deref(), time, &mut judgement);
        self.carry(judgement, time, effects);
    }

    /// Lets the record know what says that somebody got in.
    pub(crate) fn heed(&mut self) {
        let Some(plan) = self.plan.as_deref() else { return };
        // Whether a snapshot is clean is no question as long as there is none.
        if self.record.histories().len() == 0 {
            return;
        }
        let clues = compromise::clues(self.ledger.findings(), self.responses.all(), plan);
        self.record.heed(plan, &clues);
    }

    fn carry(&mut self, judgement: Judgement, time: Timestamp, effects: &mut Vec<Effect>) {
        let (plan, inventory) = (self.plan.as_deref(), &self.inventory);
        let name = |address| name_of(plan, inventory, address);
        for trouble in &judgement.troubles {
            self.ledger.note(trouble, time, plan, &name, effects);
        }
        effects.extend(judgement.evidence.into_iter().map(|evidence| Effect::Measured(Box::new(evidence))));
    }
}
