//! Decimal digits of numbers.

/// Appends `number` without leading zeros.
pub(crate) fn push_number(line: &mut Vec<u8>, number: u64) {
    let mut digits = [b'0'; 20];
    let first = write_back(&mut digits, number);
    line.extend_from_slice(digits.get(first..).unwrap_or_default());
}

/// Last `WIDTH` digits of `number`, with leading zeros.
pub(crate) fn padded<const WIDTH: usize>(number: u64) -> [u8; WIDTH] {
    let mut digits = [b'0'; WIDTH];
    write_back(&mut digits, number);
    digits
}

/// Fills `digits` from its end and returns the index of the first digit; writes one digit at least.
fn write_back(digits: &mut [u8], mut number: u64) -> usize {
    let mut first = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        first -= 1;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_library() {
        for number in [0, 7, 10, 99, 100, 1_234_567, u64::MAX] {
            let mut line = Vec::new();
            push_number(&mut line, number);
            assert_eq!(line, number.to_string().into_bytes());
        }
    }

    #[test]
    fn padded_numbers_keep_their_width() {
        assert_eq!((padded(0), padded(45), padded(999_999)), (*b"000", *b"045", *b"999999"));
    }
}
