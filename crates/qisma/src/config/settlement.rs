//! When the money of card payments is here: which days banks do not work.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::Offset;
use qisma_domain::calendar::Calendar;
use qisma_domain::time::Timestamp;
use serde::Deserialize;

use super::reader::Reader;

/// The holidays that are compiled in.
const HOLIDAYS: &str = include_str!("../../../../holidays.toml");
/// The setting that names another file.
const KEY: &str = "settlement.holidays_file";
/// How long before a feast somebody should look whether its date was announced.
const NEAR_DAYS: i64 = 30;
const DAY_SECS: i64 = 24 * 60 * 60;
/// Tunisia has had one offset all year round since 2009.
const TUNIS: Offset = Offset::constant(1);

/// The holidays in force.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Which days banks work.
    pub calendar: Arc<Calendar>,
    holidays: Vec<Holiday>,
}

/// A file of holidays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    holiday: Vec<Written>,
}

/// A holiday as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    date: toml::value::Datetime,
    name: String,
    #[serde(default)]
    estimate: bool,
}

#[derive(Clone, Debug)]
struct Holiday {
    date: Date,
    name: String,
    is_estimate: bool,
}

impl Settlement {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let compiled_in = || understand(HOLIDAYS).expect("the compiled-in holidays are right");
        let Some(path) = reader.text(KEY) else { return Self::of(compiled_in()) };
        let read = fs::read_to_string(path).map_err(|cause| cause.to_string());
        match read.and_then(|text| understand(&text)) {
            Ok(holidays) => Self::of(holidays),
            Err(why) => {
                reader
                    .must_be(KEY, format_args!("a file of holidays, such as holidays.toml: {why}"));
                Self::of(vec![])
            }
        }
    }

    fn of(holidays: Vec<Holiday>) -> Self {
        let calendar = Calendar::with_holidays(holidays.iter().map(|holiday| holiday.date));
        Self { calendar: Arc::new(calendar), holidays }
    }

    /// What somebody should look at: years without holidays, and feasts that come near whose date is a
    /// guess.
    pub fn warnings(&self, now: Timestamp) -> Vec<String> {
        let (today, horizon) = (date_of(now), date_of(now.plus_secs(NEAR_DAYS * DAY_SECS)));
        let known: BTreeSet<i16> =
            self.holidays.iter().map(|holiday| holiday.date.year()).collect();
        let years = BTreeSet::from([today.year(), horizon.year()]);
        let missing = years.difference(&known).map(|year| {
            format!(
                "no holiday of {year} is known, so card money is taken to come on days on which banks \
                 do not work; add that year to a copy of holidays.toml and name it in {KEY}"
            )
        });
        let is_near = |holiday: &&Holiday| {
            holiday.is_estimate && today <= holiday.date && holiday.date <= horizon
        };
        let near = self.holidays.iter().filter(is_near).map(|Holiday { date, name, .. }| {
            format!(
                "{name} on {date} is an estimate; once the day is announced, write it into a copy of \
                 holidays.toml and name it in {KEY}"
            )
        });
        missing.chain(near).collect()
    }
}

fn date_of(moment: Timestamp) -> Date {
    let moment = jiff::Timestamp::from_second(moment.secs()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    TUNIS.to_datetime(moment).date()
}

/// The holidays of a file; else a sentence's end that says what is wrong with it.
fn understand(text: &str) -> Result<Vec<Holiday>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    let read = |Written { date, name, estimate }: Written| {
        let is_day = date.time.is_none() && date.offset.is_none();
        let day = date.to_string().parse::<Date>().ok().filter(|_| is_day);
        let date = day.ok_or_else(|| format!("{date} is no date such as 2026-12-17"))?;
        Ok(Holiday { date, name, is_estimate: estimate })
    };
    file.holiday.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOVEMBER_2026: Timestamp = Timestamp::from_secs(1_795_428_000);

    fn compiled_in() -> Settlement {
        Settlement::of(understand(HOLIDAYS).unwrap())
    }

    #[test]
    fn each_shipped_year_has_its_eight_fixed_holidays_and_its_six_estimates() {
        for year in [2026, 2027, 2028] {
            let of_year = |holiday: &&Holiday| holiday.date.year() == year;
            let all = compiled_in();
            let (guessed, fixed): (Vec<_>, Vec<_>) =
                all.holidays.iter().filter(of_year).partition(|holiday| holiday.is_estimate);
            let days: Vec<_> = fixed.iter().map(|day| (day.date.month(), day.date.day())).collect();
            assert_eq!(
                days,
                [(1, 1), (3, 20), (4, 9), (5, 1), (7, 25), (8, 13), (10, 15), (12, 17)]
            );
            assert_eq!(guessed.len(), 6, "{year}");
        }
    }

    #[test]
    fn a_shipped_year_without_a_feast_near_warns_of_nothing() {
        assert_eq!(compiled_in().warnings(NOVEMBER_2026), Vec::<String>::new());
    }

    #[test]
    fn a_year_that_is_not_in_the_file_is_told_a_month_before() {
        let december_2028 = NOVEMBER_2026.plus_secs(2 * 366 * DAY_SECS + 20 * DAY_SECS);
        let warnings = compiled_in().warnings(december_2028);
        assert!(warnings[0].contains("no holiday of 2029"), "{warnings:?}");
    }

    #[test]
    fn a_feast_that_comes_near_is_told_as_an_estimate() {
        let february_2027 = NOVEMBER_2026.plus_secs(90 * DAY_SECS);
        let warnings = compiled_in().warnings(february_2027);
        assert!(warnings[0].contains("Aid el-Fitr on 2027-03-10"), "{warnings:?}");
    }

    #[test]
    fn a_file_with_a_mistake_is_told_what_it_is() {
        for (text, why) in [
            ("holidays = []", "unknown field"),
            ("[[holiday]]\ndate = 2026-01-01", "missing field `name`"),
            ("[[holiday]]\ndate = 2026-01-01T10:00:00\nname = \"x\"", "is no date such as"),
        ] {
            let found = understand(text).unwrap_err();
            assert!(found.contains(why), "{found}");
        }
    }
}
