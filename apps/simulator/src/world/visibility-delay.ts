/**
 * How long a change stays invisible in the API, in milliseconds of the simulator's clock. All delays are on by default, because the real
 * API has them. Each comment describes the client's view until the delay has passed, or names the duration.
 */
export const DEFAULT_VISIBILITY_DELAYS = {
  /** GET of a new droplet returns 404. */
  droplet_readable_ms: 500,
  /** A new droplet is missing from every list. */
  droplet_listed_ms: 2_000,
  /** A new or newly tagged droplet is missing from the list of its tag and from the tag's count. */
  tag_listed_ms: 3_000,
  /** From create to `active`: the create action is in progress, the droplet is `new`, other actions are refused. */
  droplet_active_ms: 4_000,
  /** The droplet is `active` and has no public IPv4 address yet. */
  droplet_networks_ms: 1_500,
  /** GET still returns a destroyed droplet. */
  droplet_delete_read_ms: 1_500,
  /** The lists still contain a destroyed droplet. The delay may be shorter than the one above: then lists omit the droplet first. */
  droplet_delete_list_ms: 3_000,
  /** A power action is `completed` and the droplet still has its old `status`. */
  droplet_status_ms: 1_000,
  /** A rename is `completed` and the droplet still has its old name. */
  droplet_rename_ms: 1_500,
  /** GET of a new action returns 404, and the action is missing from the lists. */
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
  /** A snapshot action is `completed` and no list contains the snapshot. */
  snapshot_listed_ms: 3_000,
  /** The lists still contain a deleted snapshot. */
  snapshot_deleted_listed_ms: 3_000,
  /** Duration of attaching, detaching and resizing a volume. */
  volume_action_ms: 3_000,
  /** A volume is still attached to a deleted droplet. */
  volume_detach_ms: 5_000,
  /** Duration of assigning an address to a droplet and of unassigning it. */
  ip_action_ms: 2_000,
  /** A changed firewall is `waiting` until its rules are applied. */
  firewall_applied_ms: 2_000,
  /** A load balancer is `new` and has no address. */
  load_balancer_active_ms: 30_000,
  /** A new or changed database, cluster, app, gateway, peering or share is not ready: it is `creating`, `provisioning`, … */
  product_ready_ms: 5_000,
  /** A new domain has no zone file; an existing zone file lacks the latest writes to records. */
  zone_file_ms: 2_000,
  /** A new droplet belongs to no project. */
  member_default_ms: 1_000,
  /** The previous project still lists a resource that was assigned to another one. */
  project_assign_ms: 2_000,
  /** A destroyed droplet is still a member of its project, with status `not_found`. */
  member_drop_ms: 5_000,
};

export type VisibilityDelayName = keyof typeof DEFAULT_VISIBILITY_DELAYS;
export type VisibilityDelays = Record<VisibilityDelayName, number>;
