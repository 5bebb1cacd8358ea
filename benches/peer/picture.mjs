/** Whether a picture fits in one of 16:9 of this height, lying or standing; whole blocks of 16 pixels do not count. */
export function isLowEnough({ width, height }, most) {
  const longest = Math.ceil(most / 9) * 16;
  return Math.min(width, height) <= most && Math.max(width, height) <= longest;
}
