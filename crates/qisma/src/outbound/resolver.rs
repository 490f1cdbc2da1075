//! Resolves a receiver's name once and refuses it unless every address is allowed, so that the
//! check and the connection see the same answer: a name cannot be rebound between the two.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::addresses::AddressRule;
use super::urls::Forbidden;

/// A resolver that knows what the addresses must be.
#[derive(Clone, Copy, Debug)]
pub(super) struct GuardedResolver {
    pub(super) rule: AddressRule,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let rule = self.rule;
        Box::pin(async move {
            // Port 0 stands for the URL's own port, which the connector fills in.
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let addresses = allowed_addresses(found, rule)?;
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

/// One forbidden address condemns the name: a mixed answer is how a guard is walked around.
fn allowed_addresses(
    found: Vec<SocketAddr>,
    rule: AddressRule,
) -> Result<Vec<SocketAddr>, Forbidden> {
    if found.iter().all(|address| rule.allows(address.ip())) {
        Ok(found)
    } else {
        Err(Forbidden::Address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(addresses: &[&str], rule: AddressRule) -> Result<Vec<SocketAddr>, Forbidden> {
        let found = addresses
            .iter()
            .map(|text| SocketAddr::new(text.parse().expect("the table holds addresses"), 0))
            .collect();
        allowed_addresses(found, rule)
    }

    #[test]
    fn a_name_with_only_public_addresses_passes() {
        let result = judge(&["8.8.8.8", "2606:4700:4700::1111"], AddressRule::Global);
        assert_eq!(result.map(|found| found.len()), Ok(2));
    }

    #[test]
    fn one_private_address_among_public_ones_condemns_the_name() {
        let result = judge(&["8.8.8.8", "10.0.0.1"], AddressRule::Global);
        assert_eq!(result, Err(Forbidden::Address));
    }
}
