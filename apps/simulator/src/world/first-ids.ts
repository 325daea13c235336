/** How high the real provider's ids are: droplets in 2025, records in May 2024, actions in May 2026 (past 2^31, where clients have broken). */
export const FIRST_IDS = { droplet: 572_017_320, image: 183_204_117, action: 3_169_590_176, domain_record: 1_739_652_564 };
