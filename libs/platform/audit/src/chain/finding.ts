/**
 * Something that is not as it was recorded.
 * - `row_edited`, `row_missing`, `row_added`: a row of a chained table.
 * - `digest_edited`: it contradicts itself, or its rows are whole and it differs. `digest_missing`: a link names it. `digest_unlinked`: it is
 *   neither in the chain nor waiting for it. `digest_linked_twice`: it waits although it is linked.
 * - `link_edited`: it does not follow from the link before and its digest, one of which was changed. `link_missing`: a number is.
 * - `left_too_early`: a month is written down as having left that events of its time are kept for.
 * - `head_missing`: the exported head is not in the chain any more: its tail was cut, or all of it rewritten.
 */
export interface Finding {
  readonly what:
    | 'row_edited'
    | 'row_missing'
    | 'row_added'
    | 'digest_edited'
    | 'digest_missing'
    | 'digest_unlinked'
    | 'digest_linked_twice'
    | 'link_edited'
    | 'link_missing'
    | 'left_too_early'
    | 'head_missing';
  readonly table: string;
  /** `seq` of a row, `id` of a digest, `no` of a link. */
  readonly id: string;
  /** The digest that covers the row, or that the link links. */
  readonly digest?: string;
}
