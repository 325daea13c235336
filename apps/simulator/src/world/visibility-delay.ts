/**
 * How far reality and what the API shows lie apart, in milliseconds of the simulator's clock. All on by default: the real API lags.
 * The comments name what a client sees meanwhile.
 */
export const DEFAULT_VISIBILITY_DELAYS = {
  /** GET of a droplet just created answers 404. */
  droplet_readable_ms: 500,
  /** A droplet just created is missing from every list. */
  droplet_listed_ms: 2_000,
  /** A droplet just created or tagged is missing from the list of its tag, and from the tag's count. */
  tag_listed_ms: 3_000,
  /** Create to `active`: the create action is in progress, the droplet `new`, other events are refused. */
  droplet_active_ms: 4_000,
  /** `active` without a public IPv4 yet. */
  droplet_networks_ms: 1_500,
  /** A destroyed droplet still answers GET. */
  droplet_delete_read_ms: 1_500,
  /** A destroyed droplet is still in the lists. May be shorter than the one above: then lists forget it first. */
  droplet_delete_list_ms: 3_000,
  /** A power action is `completed` and the droplet's `status` is still the old one. */
  droplet_status_ms: 1_000,
  /** A rename is `completed` and the old name is still shown. */
  droplet_rename_ms: 1_500,
  /** An action just returned answers 404 and is missing from the lists. */
  action_visible_ms: 300,
  /** `completed_at` stays null on the per-droplet URL of an action that is `completed`. */
  action_completed_at_ms: 10_000,
  /** Duration of power_on, power_off, shutdown, power_cycle and reboot. */
  power_action_ms: 2_500,
  /** Duration of a resize. */
  resize_action_ms: 5_000,
  /** Duration of a snapshot, a rebuild or a restore. */
  snapshot_action_ms: 6_000,
  /** Duration of every other droplet action. */
  other_action_ms: 1_500,
  /** A snapshot action is `completed` and the snapshot is in no list. */
  snapshot_listed_ms: 3_000,
  /** A snapshot that was deleted is still in the lists. */
  snapshot_deleted_listed_ms: 3_000,
  /** Duration of attaching, detaching and resizing a volume. */
  volume_action_ms: 3_000,
  /** A volume still hangs on a droplet that has gone. */
  volume_detach_ms: 5_000,
  /** Duration of assigning an address to a droplet, and of taking it away. */
  ip_action_ms: 2_000,
  /** A firewall that was changed is `waiting` until its rules are in force. */
  firewall_applied_ms: 2_000,
  /** A load balancer is `new` and has no address. */
  load_balancer_active_ms: 30_000,
  /** A domain just created has no zone file yet; the one it has does not show the latest writes to its records. */
  zone_file_ms: 2_000,
  /** A droplet just created belongs to no project yet. */
  member_default_ms: 1_000,
  /** A resource assigned to a project is still listed under its old one. */
  project_assign_ms: 2_000,
  /** A destroyed droplet is still a member of its project, with status `not_found`. */
  member_drop_ms: 5_000,
};

export type VisibilityDelayName = keyof typeof DEFAULT_VISIBILITY_DELAYS;
export type VisibilityDelays = Record<VisibilityDelayName, number>;
