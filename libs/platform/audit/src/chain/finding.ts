/** A difference between the stored data and the chain. The codes are part of the output of `audit:verify`. */
export interface Finding {
  readonly what:
    /** A row of a chained table was edited, removed, or added without a digest. */
    | 'row_edited'
    | 'row_missing'
    | 'row_added'
    /** A digest contradicts itself, or it differs from rows that are whole. */
    | 'digest_edited'
    /** A link names a digest that does not exist. */
    | 'digest_missing'
    /** A digest is neither in the chain nor waiting for it. */
    | 'digest_unlinked'
    /** A digest waits although it is linked. */
    | 'digest_linked_twice'
    /** A link does not follow from the previous link and its digest. */
    | 'link_edited'
    /** A number of the chain is missing. */
    | 'link_missing'
    /** A month is listed as archived, but its events must still be kept. */
    | 'left_too_early'
    /** The exported head is not in the chain: the end of the chain was cut off, or the whole chain was rewritten. */
    | 'head_missing';
  readonly table: string;
  /** `seq` of a row, `id` of a digest, `no` of a link. */
  readonly id: string;
  /** The digest that covers the row, or that the link links. */
  readonly digest?: string;
}
