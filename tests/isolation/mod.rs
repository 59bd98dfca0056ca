//! Promise 7, "Apart": the roles of template.yaml, put to every request that matters.
//!
//! A generated matrix of cells (a role, a request or a wish to become the role, and whether it must be
//! allowed) is judged by `emulator::iam`, the evaluator that the embedded services ask. Then the matrix
//! itself is tried: each mutation of the roles that would open or close something must turn a cell.
//!
//! Everything is written to target/isolation/matrix.json, for tests/peers/isolation: an evaluator that
//! nobody here wrote must judge every cell, and every mutation, alike.

mod cell;
mod functions;
mod groups;
mod mutation;
mod people;
mod tenants;
mod trust;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use shared::{
    policy::{self, PolicyFile},
    vending,
};

use crate::isolation::{cell::Cell, mutation::Mutant, world::World};

/// Every cell, whose names are unique.
fn matrix(world: &World) -> Vec<Cell> {
    let cells = [
        people::cells(world),
        tenants::cells(world),
        functions::cells(world),
        trust::cells(world),
    ]
    .concat();
    let names: BTreeSet<&String> = cells.iter().map(|cell| &cell.name).collect();
    assert_eq!(names.len(), cells.len(), "two cells have the same name");
    cells
}

/// The cells of the mutated role that no longer come out as they must.
fn caught<'c>(mutant: &Mutant, cells: &'c [Cell]) -> Vec<&'c str> {
    let its_own = cells.iter().filter(|cell| cell.role == mutant.role);
    let turned = its_own.filter(|cell| cell.is_allowed_by(&mutant.documents) != cell.allowed);
    turned.map(|cell| cell.name.as_str()).collect()
}

#[test]
fn every_cell_of_the_matrix_is_as_it_must_be() {
    let world = World::shipped();
    let cells = matrix(&world);
    let wrong: Vec<&Cell> = cells
        .iter()
        .filter(|cell| cell.is_allowed_by(&world.roles[&cell.role]) != cell.allowed)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(cells.len() >= 100, "{} cells", cells.len());
}

#[test]
fn every_role_of_the_template_has_cells_and_trust_is_asked_of_each() {
    let world = World::shipped();
    let cells = matrix(&world);
    for role in world.roles.keys() {
        let of_role = cells.iter().filter(|cell| cell.role == *role);
        let (trust, requests): (Vec<_>, Vec<_>) = of_role.partition(|cell| cell.trust.is_some());
        let both = |cells: &[&Cell]| {
            cells
                .iter()
                .map(|cell| cell.allowed)
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(both(&trust), BTreeSet::from([false, true]), "{role}");
        assert!(both(&requests).contains(&false), "{role}");
    }
}

#[test]
fn no_condition_prefix_resource_action_or_principal_can_be_widened_or_dropped_unnoticed() {
    let world = World::shipped();
    let cells = matrix(&world);
    let mutants = mutation::all(&world.roles);
    let unnoticed: Vec<&str> = mutants
        .iter()
        .filter(|mutant| caught(mutant, &cells).is_empty())
        .map(|mutant| mutant.name.as_str())
        .collect();
    assert!(unnoticed.is_empty(), "{unnoticed:#?}");
    // What must be among them, whatever the template becomes.
    for named in ["Null", ":aud", ":amr", "vend_role", "LeadingKeys", "users/"] {
        let found = mutants.iter().any(|mutant| mutant.name.contains(named));
        assert!(found, "no mutation concerns {named}");
    }
}

#[test]
fn guests_get_no_identity_and_the_default_role_is_the_one_that_reaches_nothing() {
    let world = World::shipped();
    let mut pools = 0;
    for pool in world.template.resources("AWS::Cognito::IdentityPool") {
        let guests = &pool.properties["AllowUnauthenticatedIdentities"];
        assert_eq!(*guests, json!(false), "{}", pool.logical_id);
        let attachments = world
            .template
            .resources("AWS::Cognito::IdentityPoolRoleAttachment");
        let of_pool = attachments
            .filter(|attachment| attachment.properties["IdentityPoolId"] == pool.reference);
        let roles: Vec<_> = of_pool
            .map(|attachment| &attachment.properties["Roles"])
            .collect();
        let default = world.role_arn("DefaultAuthenticatedRole");
        assert_eq!(roles, [&json!({ "authenticated": default })]);
        pools += 1;
    }
    assert_eq!(pools, 2);
    let denial = json!({"Effect": "Deny", "Action": "*", "Resource": "*"});
    let policies = &world.roles["DefaultAuthenticatedRole"].policies;
    assert_eq!(policies.len(), 1);
    assert_eq!(policies[0]["Statement"], json!([denial]));
}

#[test]
fn a_session_policy_that_ships_would_have_cells() {
    // None does. Whoever adds one to policy.toml adds its cells to `people`, and says so here.
    let file = PolicyFile::read(&world::tree("policy/policy.toml")).unwrap();
    let vendor: policy::IdentityVendor = file.section().unwrap();
    let roles = vendor.rules.roles.values();
    let narrowed = |role: &&vending::Role| role.session_policy().is_some();
    assert_eq!(roles.filter(narrowed).count(), 0);
}

#[test]
fn the_matrix_for_the_peer_has_every_cell_and_every_mutant() {
    let world = World::shipped();
    let cells = matrix(&world);
    let mutants: Vec<_> = mutation::all(&world.roles)
        .into_iter()
        .map(|mutant| {
            let caught = caught(&mutant, &cells);
            json!({"name": mutant.name, "role": mutant.role, "documents": mutant.documents, "caught_by": caught})
        })
        .collect();
    let roles: BTreeMap<_, _> = world
        .roles
        .iter()
        .map(|(role, documents)| {
            (
                role,
                json!({"arn": world.role_arn(role), "documents": documents}),
            )
        })
        .collect();
    let matrix = json!({
        "account": world.account(),
        "roles": roles,
        "cells": cells,
        "mutants": mutants,
    });
    let folder = world::tree("target/isolation");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("matrix.json");
    std::fs::write(&path, matrix.to_string()).unwrap();
    let written: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let count = |member: &str| written[member].as_array().map_or(0, Vec::len);
    assert_eq!(count("cells"), cells.len());
    assert_eq!(count("mutants"), mutation::all(&world.roles).len());
}
