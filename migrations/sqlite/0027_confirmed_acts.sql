-- Acts that were confirmed, by when: one that asks for the same as an act that was confirmed meanwhile is not done again.
CREATE INDEX pending_act_confirmed ON pending_act (decided_at_us) WHERE state = 'confirmed';
