//! OpenID discovery: endpoints of an authority, tenant id of a domain.
